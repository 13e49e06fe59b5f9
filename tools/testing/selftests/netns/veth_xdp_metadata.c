// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a program that is bound to a veth can ask for the hash, the
 * timestamp and the VLAN tag of a packet, and is told when there are none, as
 * for a frame that was redirected.
 *
 * The kernel's functions are called by their BTF ids. On a kernel without BTF
 * (the one for people) nobody can call them, and only that is tested there.
 *
 *   near ---> far = redirects = out ---> sink
 */
#include <linux/btf.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include "veth_bpf.h"
#include "veth_frames.h"

#define VMLINUX_BTF "/sys/kernel/btf/vmlinux"
#define VLAN 7
/* The kernel's own name of it is not for user space. */
#define RSS_TYPE_L4 0x8

/* What a program has been told. */
struct told {
	__s64 ret;
	__u64 first;
	__u64 second;
};

FIXTURE(metadata)
{
	struct veth_endpoint near, far, out, sink;
	struct told told;
	int map;
};

FIXTURE_SETUP(metadata)
{
	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
	ASSERT_EQ(0, veth_pair_behind(&self->far, &self->out, &self->sink));
	self->map = bpf_map(BPF_MAP_TYPE_ARRAY, sizeof(struct told), 1);
	ASSERT_LE(0, self->map);
}

FIXTURE_TEARDOWN(metadata)
{
	close(self->map);
	close(self->out.sock);
	veth_release(&self->near);
	veth_release(&self->far);
	veth_release(&self->sink);
}

/* How many bytes follow the entry of a type. */
static size_t btf_rest(const struct btf_type *type)
{
	unsigned int nr = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(__u32);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return nr * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return nr * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return nr * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return nr * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return nr * sizeof(struct btf_var_secinfo);
	}
	return 0;
}

/* The BTF id of one of the kernel's functions, or a negative errno. */
static int btf_func(const char *name)
{
	const struct btf_header *hdr;
	const struct btf_type *type;
	int size = 64 << 20;
	const char *p, *end, *strings;
	char *btf;
	int id, len, found = -ENOENT;

	btf = malloc(size);
	if (!btf)
		return -ENOMEM;
	len = read_file(VMLINUX_BTF, btf, size);
	if (len < (int)sizeof(*hdr)) {
		free(btf);
		return len < 0 ? len : -EINVAL;
	}
	hdr = (const void *)btf;
	strings = btf + hdr->hdr_len + hdr->str_off;
	p = btf + hdr->hdr_len + hdr->type_off;
	end = p + hdr->type_len;
	for (id = 1; p < end; id++) {
		type = (const void *)p;
		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC &&
		    !strcmp(strings + type->name_off, name)) {
			found = id;
			break;
		}
		p += sizeof(*type) + btf_rest(type);
	}
	free(btf);
	return found;
}

/*
 * A program for device @index of the caller's namespace that calls a function
 * of the kernel and leaves what it is told in @map.
 */
static int load_asking(int func, int map, int index)
{
	const struct bpf_insn insns[] = {
		STORE_IMM(BPF_DW, BPF_REG_10, -8, 0),
		STORE_IMM(BPF_DW, BPF_REG_10, -16, 0),
		MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, -16),
		MOV_REG(BPF_REG_3, BPF_REG_10),
		ADD_IMM(BPF_REG_3, -8),
		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, func),
		STORE(BPF_DW, BPF_REG_10, -24, BPF_REG_0),
		STORE_IMM(BPF_W, BPF_REG_10, -28, 0),
		LOAD_MAP(BPF_REG_1, map),
		LOAD_MAP_END,
		MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, -28),
		MOV_REG(BPF_REG_3, BPF_REG_10),
		ADD_IMM(BPF_REG_3, -24),
		MOV_IMM(BPF_REG_4, 0),
		CALL(BPF_FUNC_map_update_elem),
		MOV_IMM(BPF_REG_0, XDP_PASS),
		EXIT,
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.prog_flags = BPF_F_XDP_DEV_BOUND_ONLY,
		.prog_ifindex = index,
	};

	return bpf_load_attr(&attr, insns, ARRAY_SIZE(insns));
}

/* Attaches such a program to an end. */
static int ask(struct veth_endpoint *end, int map, const char *name)
{
	int func = btf_func(name);
	int home, prog, err;

	if (func < 0)
		return func;
	home = open_self_ns("net");
	if (home < 0)
		return home;
	prog = sys_setns(end->ns, CLONE_NEWNET);
	if (!prog) {
		prog = load_asking(func, map, end->index);
		err = sys_setns(home, CLONE_NEWNET);
		if (err)
			prog = err;
	}
	close(home);
	if (prog < 0)
		return prog;
	err = xdp_attach(end->nl, end->name, prog, NULL);
	close(prog);
	return err;
}

/* One that has ports, by which the kernel can tell flows apart. */
static int send_udp(struct veth_endpoint *end, int port)
{
	const struct ethhdr eth = {
		.h_dest = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		.h_source = { 2 },
		.h_proto = htons(ETH_P_IP),
	};
	const struct udphdr udp = {
		.source = htons(port),
		.dest = htons(9),
		.len = htons(sizeof(udp)),
	};
	const struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons(sizeof(ip) + sizeof(udp)),
		.ttl = 1,
		.protocol = IPPROTO_UDP,
		.saddr = htonl(0xc0000201),
		.daddr = htonl(0xc0000202),
	};
	unsigned char packet[sizeof(eth) + sizeof(ip) + sizeof(udp)];

	memcpy(packet, &eth, sizeof(eth));
	memcpy(packet + sizeof(eth), &ip, sizeof(ip));
	memcpy(packet + sizeof(eth) + sizeof(ip), &udp, sizeof(udp));
	return send(end->sock, packet, sizeof(packet), 0) == sizeof(packet) ?
		       0 :
		       -errno;
}

static bool has_btf(void)
{
	return !access(VMLINUX_BTF, R_OK);
}

TEST_F(metadata, needs_btf)
{
	EXPECT_TRUE(has_btf() ? btf_func("bpf_xdp_metadata_rx_hash") > 0 :
				load_asking(1, self->map, 1) < 0);
}

TEST_F(metadata, hash)
{
	__u64 hash;

	if (!has_btf())
		return;
	ASSERT_EQ(0, ask(&self->far, self->map, "bpf_xdp_metadata_rx_hash"));
	ASSERT_EQ(0, send_udp(&self->near, 1000));
	EXPECT_STAT(1, &self->far, "rx", "xdp_packets");
	ASSERT_EQ(0, bpf_map_get(self->map, 0, &self->told));
	EXPECT_EQ(0, self->told.ret);
	EXPECT_NE(0ULL, self->told.first);
	EXPECT_EQ((__u64)RSS_TYPE_L4, self->told.second);
	hash = self->told.first;

	/* The same flow, and another one. */
	ASSERT_EQ(0, send_udp(&self->near, 1000));
	EXPECT_STAT(2, &self->far, "rx", "xdp_packets");
	ASSERT_EQ(0, bpf_map_get(self->map, 0, &self->told));
	EXPECT_EQ(hash, self->told.first);
	ASSERT_EQ(0, send_udp(&self->near, 1001));
	EXPECT_STAT(3, &self->far, "rx", "xdp_packets");
	ASSERT_EQ(0, bpf_map_get(self->map, 0, &self->told));
	EXPECT_NE(hash, self->told.first);

	/* Without ports it is not one of a flow. */
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	EXPECT_STAT(4, &self->far, "rx", "xdp_packets");
	ASSERT_EQ(0, bpf_map_get(self->map, 0, &self->told));
	EXPECT_EQ(0, self->told.ret);
	EXPECT_EQ(0ULL, self->told.second);
}

/* There is no hardware that would have made one. */
TEST_F(metadata, timestamp)
{
	if (!has_btf())
		return;
	ASSERT_EQ(0, ask(&self->far, self->map,
			 "bpf_xdp_metadata_rx_timestamp"));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	EXPECT_EQ(0, frame_expect(self->far.sock, 1, 100));
	EXPECT_STAT(1, &self->far, "rx", "xdp_packets");
	ASSERT_EQ(0, bpf_map_get(self->map, 0, &self->told));
	EXPECT_EQ(0, self->told.ret);
	EXPECT_EQ(0ULL, self->told.first);
}

static int vlan_add(int nl, const char *name, int link)
{
	struct rtattr *info, *data;
	struct nl_req req;
	__u16 id = VLAN;

	info = nl_init_link(&req, "vlan", name, IFLA_LINK, link);
	data = nl_put(&req, IFLA_INFO_DATA, NULL, 0);
	nl_put(&req, IFLA_VLAN_ID, &id, sizeof(id));
	nl_end_nest(&req, data);
	nl_end_nest(&req, info);
	return nl_talk(nl, &req, NULL, NULL, NULL);
}

TEST_F(metadata, vlan_tag)
{
	int sock;

	if (!has_btf())
		return;
	ASSERT_EQ(0, ask(&self->far, self->map,
			 "bpf_xdp_metadata_rx_vlan_tag"));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	EXPECT_STAT(1, &self->far, "rx", "xdp_packets");
	ASSERT_EQ(0, bpf_map_get(self->map, 0, &self->told));
	EXPECT_EQ(-ENODATA, (int)self->told.ret);

	ASSERT_EQ(0, vlan_add(self->near.nl, "tagged", self->near.index));
	ASSERT_EQ(0, link_up(self->near.nl, "tagged"));
	sock = frame_open(self->near.ns, link_index(self->near.nl, "tagged"));
	ASSERT_LE(0, sock);
	ASSERT_EQ(0, frame_send(sock, 0, 2, 100));
	EXPECT_STAT(2, &self->far, "rx", "xdp_packets");
	ASSERT_EQ(0, bpf_map_get(self->map, 0, &self->told));
	EXPECT_EQ(0, self->told.ret);
	EXPECT_EQ((__u64)htons(ETH_P_8021Q), self->told.first);
	EXPECT_EQ((__u64)VLAN, self->told.second);
	close(sock);
}

/* Nothing but the bytes has come along. */
TEST_F(metadata, of_what_was_redirected)
{
	static const char * const names[] = {
		"bpf_xdp_metadata_rx_hash",
		"bpf_xdp_metadata_rx_timestamp",
		"bpf_xdp_metadata_rx_vlan_tag",
	};
	unsigned int i;
	int map, prog;

	if (!has_btf())
		return;
	map = bpf_map(BPF_MAP_TYPE_DEVMAP, sizeof(__u32), 1);
	ASSERT_LE(0, map);
	ASSERT_EQ(0, bpf_map_set_in(self->out.ns, map, 0, &self->out.index));
	prog = xdp_redirect(map, 0, 0);
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, ask(&self->sink, self->map, names[i]));
		ASSERT_EQ(0, send_udp(&self->near, 1000));
		EXPECT_STAT(i + 1, &self->sink, "rx", "xdp_packets");
		ASSERT_EQ(0, bpf_map_get(self->map, 0, &self->told));
		EXPECT_EQ(-ENODATA, (int)self->told.ret);
	}
	close(prog);
	close(map);
}

/* It is bound to the device that it was loaded for. */
TEST_F(metadata, only_where_it_is_bound)
{
	int func, home, prog;
	struct nl_ack ack;

	if (!has_btf())
		return;
	func = btf_func("bpf_xdp_metadata_rx_hash");
	ASSERT_LT(0, func);
	home = open_self_ns("net");
	ASSERT_EQ(0, sys_setns(self->far.ns, CLONE_NEWNET));
	prog = load_asking(func, self->map, self->far.index);
	ASSERT_EQ(0, sys_setns(home, CLONE_NEWNET));
	ASSERT_LE(0, prog);
	EXPECT_EQ(-EINVAL, xdp_attach(self->out.nl, "out", prog, &ack));
	EXPECT_STREQ("Program bound to different device", ack.msg);
	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
	close(prog);
	close(home);
}

NETNS_TEST_MAIN
