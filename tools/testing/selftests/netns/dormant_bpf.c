// SPDX-License-Identifier: GPL-2.0
/*
 * BPF and dormant namespaces: what is attached to a namespace activates it,
 * what is attached to a cgroup or to sockets does not, and a program that names
 * one finds nothing in it.
 */
#include "dormant_lo.h"
#include "dormant_util.h"
#include "netns_bpf.h"
#include "netns_btf.h"

#define NSID 7

/* The caller in a namespace that nobody has used, home being another. */
FIXTURE(bpf)
{
	int home;
	int nsfd;
};

FIXTURE_SETUP(bpf)
{
	if (access("/proc/sys/kernel/unprivileged_bpf_disabled", F_OK))
		SKIP(return, "no bpf(2) in this kernel");
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	ASSERT_EQ(1, own_link_index("lo"));
	self->home = open_self_ns("net");
	ASSERT_LE(0, self->home);
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	self->nsfd = open_self_ns("net");
	ASSERT_LE(0, self->nsfd);
}

FIXTURE_TEARDOWN(bpf)
{
}

static int link_to_netns(int nsfd, int prog, int type)
{
	union bpf_attr attr = {
		.link_create.prog_fd = prog,
		.link_create.target_fd = nsfd,
		.link_create.attach_type = type,
	};

	return sys_bpf(BPF_LINK_CREATE, &attr);
}

/* How many programs, or a negative errno. */
static int query_netns(int nsfd, int type)
{
	union bpf_attr attr = {
		.query.target_fd = nsfd,
		.query.attach_type = type,
	};
	int err = sys_bpf(BPF_PROG_QUERY, &attr);

	return err ? err : (int)attr.query.prog_cnt;
}

TEST_F(bpf, link_to_a_namespace_wakes)
{
	int lookup = bpf_prog_return(BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, 1);
	int dissect = bpf_prog_return(BPF_PROG_TYPE_FLOW_DISSECTOR, 0, BPF_OK);
	int other = new_netns();

	ASSERT_LE(0, lookup);
	ASSERT_LE(0, dissect);
	ASSERT_LE(0, other);
	EXPECT_WAKES(0, query_netns(self->nsfd, BPF_SK_LOOKUP) == 0);
	EXPECT_WAKES(1, link_to_netns(self->nsfd, lookup, BPF_SK_LOOKUP) >= 0);
	EXPECT_WAKES(0, query_netns(self->nsfd, BPF_SK_LOOKUP) == 1);
	EXPECT_WAKES(0, query_netns(other, BPF_FLOW_DISSECTOR) == 0);
	EXPECT_WAKES(1, link_to_netns(other, dissect, BPF_FLOW_DISSECTOR) >= 0);
	EXPECT_WAKES(0, query_netns(other, BPF_FLOW_DISSECTOR) == 1);
}

TEST_F(bpf, flow_dissector_wakes)
{
	int prog = bpf_prog_return(BPF_PROG_TYPE_FLOW_DISSECTOR, 0, BPF_OK);

	ASSERT_LE(0, prog);
	EXPECT_WAKES(1, !bpf_attach(0, prog, BPF_FLOW_DISSECTOR));
	EXPECT_EQ(1, query_netns(self->nsfd, BPF_FLOW_DISSECTOR));
}

/* By what a program said that ran on a packet of the caller's lo. */
static int run(int prog)
{
	char packet[64] = "";
	union bpf_attr attr = {
		.test.prog_fd = prog,
		.test.data_in = (unsigned long)packet,
		.test.data_size_in = sizeof(packet),
	};
	int err;

	if (prog < 0)
		return prog;
	err = sys_bpf(BPF_PROG_TEST_RUN, &attr);
	return err ? err : (int)attr.test.retval;
}

#define TUPLE (-16)
#define TUPLE_SIZE 12
#define OPTS (-32)
#define OPTS_SIZE 16

/* On the stack of a program: from nowhere to PORT of whatever address. */
#define PUT_TUPLE							\
	STORE_IMM(BPF_W, BPF_REG_10, TUPLE, 0),				\
	STORE_IMM(BPF_W, BPF_REG_10, TUPLE + 4, htonl(INADDR_LOOPBACK)), \
	STORE_IMM(BPF_W, BPF_REG_10, TUPLE + 8, htons(PORT) << 16)

/* Is there such a socket in the namespace of that id? */
static int has_socket(int helper)
{
	const struct bpf_insn insns[] = {
		PUT_TUPLE,
		MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, TUPLE),
		MOV_IMM(BPF_REG_3, TUPLE_SIZE),
		MOV_IMM(BPF_REG_4, NSID),
		MOV_IMM(BPF_REG_5, 0),
		CALL(helper),
		JUMP_IMM(BPF_JEQ, BPF_REG_0, 0, 3),
		MOV_REG(BPF_REG_1, BPF_REG_0),
		CALL(BPF_FUNC_sk_release),
		MOV_IMM(BPF_REG_0, 1),
		EXIT,
	};
	int prog = bpf_load(BPF_PROG_TYPE_SCHED_CLS, 0, insns,
			    ARRAY_SIZE(insns));
	int ret = run(prog);

	close(prog);
	return ret;
}

static int listen_on_port(int type)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};
	int sock = socket(AF_INET, type, 0);

	if (sock < 0 || bind(sock, (struct sockaddr *)&addr, sizeof(addr)) ||
	    (type == SOCK_STREAM && listen(sock, 1)))
		return -errno;
	return sock;
}

TEST_F(bpf, lookup_of_sockets_by_id_finds_none)
{
	int nl = nl_open_in(self->home);

	ASSERT_LE(0, nl);
	EXPECT_WAKES(0, !nsid_set(nl, NSID, NETNSA_FD, self->nsfd));
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	EXPECT_WAKES(0, has_socket(BPF_FUNC_sk_lookup_tcp) == 0);
	EXPECT_WAKES(0, has_socket(BPF_FUNC_skc_lookup_tcp) == 0);
	EXPECT_WAKES(0, has_socket(BPF_FUNC_sk_lookup_udp) == 0);

	ASSERT_EQ(0, sys_setns(self->nsfd, CLONE_NEWNET));
	EXPECT_WAKES_PART(1, makes_socket(AF_UNIX, SOCK_STREAM, 0));
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	EXPECT_WAKES(0, has_socket(BPF_FUNC_sk_lookup_tcp) == 0);
	EXPECT_WAKES(0, has_socket(BPF_FUNC_sk_lookup_udp) == 0);

	ASSERT_EQ(0, sys_setns(self->nsfd, CLONE_NEWNET));
	EXPECT_WAKES(1, listen_on_port(SOCK_STREAM) >= 0);
	EXPECT_LE(0, listen_on_port(SOCK_DGRAM));
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	EXPECT_EQ(1, has_socket(BPF_FUNC_sk_lookup_tcp));
	EXPECT_EQ(1, has_socket(BPF_FUNC_skc_lookup_tcp));
	EXPECT_EQ(1, has_socket(BPF_FUNC_sk_lookup_udp));
}

/* The type information of a module, as a descriptor. */
static int open_btf(const char *module)
{
	union bpf_attr attr = {};
	char name[64];
	int fd;

	while (!sys_bpf(BPF_BTF_GET_NEXT_ID, &attr)) {
		struct bpf_btf_info info = {
			.name = (unsigned long)name,
			.name_len = sizeof(name),
		};
		union bpf_attr of = { .btf_id = attr.next_id };
		union bpf_attr about = {
			.info.info_len = sizeof(info),
			.info.info = (unsigned long)&info,
		};

		fd = sys_bpf(BPF_BTF_GET_FD_BY_ID, &of);
		about.info.bpf_fd = fd;
		*name = '\0';
		if (fd >= 0 && !sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &about) &&
		    !strcmp(name, module))
			return fd;
		close(fd);
		attr.start_id = attr.next_id;
	}
	return -ENOENT;
}

#define CALL_CT(name)							\
	INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 1,		\
	     btf_function("nf_conntrack", name))

/* What @entry says of a connection in the namespace of @nsid. */
static int ct_ask(const char *entry, int nsid)
{
	bool allocs = strstr(entry, "alloc");
	const struct bpf_insn insns[] = {
		PUT_TUPLE,
		STORE_IMM(BPF_W, BPF_REG_10, OPTS, nsid),
		STORE_IMM(BPF_W, BPF_REG_10, OPTS + 4, 0),
		STORE_IMM(BPF_W, BPF_REG_10, OPTS + 8, IPPROTO_TCP),
		STORE_IMM(BPF_W, BPF_REG_10, OPTS + 12, 0),
		MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, TUPLE),
		MOV_IMM(BPF_REG_3, TUPLE_SIZE),
		MOV_REG(BPF_REG_4, BPF_REG_10),
		ADD_IMM(BPF_REG_4, OPTS),
		MOV_IMM(BPF_REG_5, OPTS_SIZE),
		CALL_CT(entry),
		JUMP_IMM(BPF_JEQ, BPF_REG_0, 0, 9),
		MOV_REG(BPF_REG_6, BPF_REG_0),
		/* It would be gone in ten seconds. */
		MOV_REG(BPF_REG_1, BPF_REG_6),
		MOV_IMM(BPF_REG_2, 3600 * 1000),
		allocs ? CALL_CT("bpf_ct_set_timeout") :
			 MOV_REG(BPF_REG_0, BPF_REG_6),
		/* What has been allocated is inserted, and is as any other. */
		MOV_REG(BPF_REG_1, BPF_REG_6),
		allocs ? CALL_CT("bpf_ct_insert_entry") :
			 MOV_REG(BPF_REG_0, BPF_REG_6),
		JUMP_IMM(BPF_JEQ, BPF_REG_0, 0, 2),
		MOV_REG(BPF_REG_1, BPF_REG_0),
		CALL_CT("bpf_ct_release"),
		LOAD(BPF_W, BPF_REG_0, BPF_REG_10, OPTS + 4),
		EXIT,
	};
	int fds[] = { -1, open_btf("nf_conntrack") };
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SCHED_CLS,
		.fd_array = (unsigned long)fds,
	};
	int prog = bpf_load_attr(&attr, insns, ARRAY_SIZE(insns));
	int ret = run(prog);

	close(prog);
	return ret;
}

/* Nothing is tracked where nobody has been, nor can it be before. */
TEST_F(bpf, conntrack_by_id_finds_nothing)
{
	int nl = nl_open_in(self->home);

	ASSERT_LE(0, nl);
	if (system("modprobe -q nf_conntrack") ||
	    access("/sys/kernel/btf/nf_conntrack", R_OK))
		SKIP(return, "no nf_conntrack with types in this kernel");
	EXPECT_WAKES(0, !nsid_set(nl, NSID, NETNSA_FD, self->nsfd));
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	EXPECT_WAKES(0, ct_ask("bpf_skb_ct_lookup", NSID + 1) == -ENONET);
	EXPECT_WAKES(0, ct_ask("bpf_skb_ct_lookup", NSID) == -ENOENT);
	EXPECT_WAKES(0, ct_ask("bpf_skb_ct_alloc", NSID + 1) == -ENONET);
	EXPECT_WAKES(0, ct_ask("bpf_skb_ct_alloc", NSID) == -ENOMEM);

	EXPECT_WAKES(1, socket_in(self->nsfd, AF_INET, SOCK_DGRAM, 0) >= 0);
	EXPECT_EQ(-ENOENT, ct_ask("bpf_skb_ct_lookup", NSID));
	EXPECT_EQ(0, ct_ask("bpf_skb_ct_alloc", NSID));
	EXPECT_EQ(0, ct_ask("bpf_skb_ct_lookup", NSID));
}

#define CALL_KERNEL(name)						\
	INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0,		\
	     btf_function(NULL, name))
/* On the stack of a program: struct bpf_xfrm_state_opts. */
#define STATE (-40)
#define STATE_SIZE 36
#define SPI 1

/* What a program says of one state in the namespace of @nsid. */
static int xfrm_ask(int nsid)
{
	const struct bpf_insn insns[] = {
		STORE_IMM(BPF_W, BPF_REG_10, STATE, 0),
		STORE_IMM(BPF_W, BPF_REG_10, STATE + 4, nsid),
		STORE_IMM(BPF_W, BPF_REG_10, STATE + 8, 0),
		STORE_IMM(BPF_W, BPF_REG_10, STATE + 12, htonl(0xc0000202)),
		STORE_IMM(BPF_W, BPF_REG_10, STATE + 16, 0),
		STORE_IMM(BPF_W, BPF_REG_10, STATE + 20, 0),
		STORE_IMM(BPF_W, BPF_REG_10, STATE + 24, 0),
		STORE_IMM(BPF_W, BPF_REG_10, STATE + 28, htonl(SPI)),
		STORE_IMM(BPF_W, BPF_REG_10, STATE + 32,
			  AF_INET << 16 | IPPROTO_ESP),
		MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, STATE),
		MOV_IMM(BPF_REG_3, STATE_SIZE),
		CALL_KERNEL("bpf_xdp_get_xfrm_state"),
		JUMP_IMM(BPF_JEQ, BPF_REG_0, 0, 2),
		MOV_REG(BPF_REG_1, BPF_REG_0),
		CALL_KERNEL("bpf_xdp_xfrm_state_release"),
		LOAD(BPF_W, BPF_REG_0, BPF_REG_10, STATE),
		EXIT,
	};
	int prog = bpf_load(BPF_PROG_TYPE_XDP, 0, insns, ARRAY_SIZE(insns));
	int ret = run(prog);

	close(prog);
	return ret;
}

static int add_state(int nsfd)
{
	int home = open_self_ns("net");
	int err;

	err = sys_setns(nsfd, CLONE_NEWNET);
	if (!err) {
		err = system("ip xfrm s a dst 192.0.2.2 proto esp spi 1 enc 'ecb(cipher_null)' ''");
		err = sys_setns(home, CLONE_NEWNET) ?: err;
	}
	close(home);
	return err;
}

/* Nor is there any state of IPsec. */
TEST_F(bpf, xfrm_by_id_finds_nothing)
{
	int nl = nl_open_in(self->home);

	ASSERT_LE(0, nl);
	if (btf_function(NULL, "bpf_xdp_get_xfrm_state") < 0)
		SKIP(return, "no types of xfrm in this kernel");
	EXPECT_WAKES(0, !nsid_set(nl, NSID, NETNSA_FD, self->nsfd));
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	EXPECT_WAKES(0, xfrm_ask(NSID + 1) == -ENONET);
	EXPECT_WAKES(0, xfrm_ask(NSID) == -ENOENT);

	ASSERT_EQ(0, sys_setns(self->nsfd, CLONE_NEWNET));
	EXPECT_WAKES_PART(1, makes_socket(AF_UNIX, SOCK_STREAM, 0));
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	EXPECT_WAKES(0, xfrm_ask(NSID) == -ENOENT);

	EXPECT_WAKES(1, socket_in(self->nsfd, AF_INET, SOCK_DGRAM, 0) >= 0);
	EXPECT_EQ(-ENOENT, xfrm_ask(NSID));
	EXPECT_EQ(0, add_state(self->nsfd));
	EXPECT_EQ(0, xfrm_ask(NSID));
}

/* A cgroup with the caller in it. */
#define CGROUPS "/sys/fs/cgroup"
#define CGROUP CGROUPS "/dormant_bpf"

FIXTURE(cgroup)
{
	int cgroup;
};

FIXTURE_SETUP(cgroup)
{
	rmdir(CGROUP);
	if (mkdir(CGROUP, 0755))
		SKIP(return, "no cgroups");
	self->cgroup = open(CGROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->cgroup);
	ASSERT_EQ(0, write_file(CGROUP "/cgroup.procs", "0"));
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
}

FIXTURE_TEARDOWN(cgroup)
{
	EXPECT_EQ(0, write_file(CGROUPS "/cgroup.procs", "0"));
	EXPECT_EQ(0, rmdir(CGROUP));
}

static int socket_error(int family, int type)
{
	return makes_socket(family, type, 0) ? 0 : errno;
}

/* A program that allows nothing is attached, and then asked. */
TEST_F(cgroup, sock_create)
{
	int prog = bpf_prog_return(BPF_PROG_TYPE_CGROUP_SOCK,
				   BPF_CGROUP_INET_SOCK_CREATE, 0);

	ASSERT_LE(0, prog);
	EXPECT_WAKES(0, !bpf_attach(self->cgroup, prog,
				    BPF_CGROUP_INET_SOCK_CREATE));
	/* It sees a socket, so there has to be one. */
	EXPECT_WAKES(1, socket_error(AF_INET, SOCK_STREAM) == EPERM);
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES_PART(1, makes_socket(AF_UNIX, SOCK_STREAM, 0));
	EXPECT_WAKES(1, makes_socket(AF_PACKET, SOCK_RAW, 0));
}

TEST_F(cgroup, skb)
{
	int prog = bpf_prog_return(BPF_PROG_TYPE_CGROUP_SKB,
				   BPF_CGROUP_INET_EGRESS, 0);

	ASSERT_LE(0, prog);
	EXPECT_WAKES(0, !bpf_attach(self->cgroup, prog, BPF_CGROUP_INET_EGRESS));
	EXPECT_WAKES(1, send_to_lo() == -ENETUNREACH);
	EXPECT_EQ(0, link_up(nl_open(), "lo"));
	EXPECT_EQ(-EPERM, send_to_lo());
}

TEST_F(cgroup, sock_ops)
{
	int map = bpf_map(BPF_MAP_TYPE_ARRAY, sizeof(int), 1);
	int prog, ran = -1;

	ASSERT_LE(0, map);
	prog = bpf_prog_noting(BPF_PROG_TYPE_SOCK_OPS, 0, map);
	ASSERT_LE(0, prog);
	EXPECT_WAKES(0, !bpf_attach(self->cgroup, prog, BPF_CGROUP_SOCK_OPS));
	EXPECT_WAKES(0, !bpf_map_get(map, 0, &ran));
	EXPECT_EQ(0, ran);
	EXPECT_WAKES(1, listen_on_port(SOCK_STREAM) >= 0);
	EXPECT_EQ(0, bpf_map_get(map, 0, &ran));
	EXPECT_EQ(1, ran);
}

/* Nothing is allowed that has to do with addresses. */
TEST_F(cgroup, addresses)
{
	static const int types[] = {
		BPF_CGROUP_INET4_BIND, BPF_CGROUP_INET4_CONNECT,
		BPF_CGROUP_UNIX_CONNECT,
	};
	unsigned int i;
	int prog;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		prog = bpf_prog_return(BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
				       types[i], 0);
		ASSERT_LE(0, prog);
		EXPECT_WAKES(0, !bpf_attach(self->cgroup, prog, types[i]));
	}
	EXPECT_WAKES_PART(1, connect_abstract() == -EPERM);
	EXPECT_WAKES(1, listen_on_port(SOCK_DGRAM) == -EPERM);
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(1, datagram_to_lo(connect) == -EPERM);
}

static int type_of(int sock)
{
	int type = -1;
	socklen_t len = sizeof(type);

	return getsockopt(sock, SOL_SOCKET, SO_TYPE, &type, &len) ? -errno :
								    type;
}

TEST_F(cgroup, socket_options)
{
	int prog = bpf_prog_return(BPF_PROG_TYPE_CGROUP_SOCKOPT,
				   BPF_CGROUP_GETSOCKOPT, 0);
	int sock = -1;

	ASSERT_LE(0, prog);
	EXPECT_WAKES(0, !bpf_attach(self->cgroup, prog, BPF_CGROUP_GETSOCKOPT));
	EXPECT_WAKES_PART(1, (sock = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
	EXPECT_WAKES_PART(0, type_of(sock) == -EPERM);
	EXPECT_WAKES(1, (sock = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
	EXPECT_WAKES(0, type_of(sock) == -EPERM);
}

/* It is asked for each access, which has found a file before. */
TEST_F(cgroup, sysctls)
{
	int prog = bpf_prog_return(BPF_PROG_TYPE_CGROUP_SYSCTL,
				   BPF_CGROUP_SYSCTL, 0);
	char text[64];

	ASSERT_LE(0, prog);
	EXPECT_WAKES(0, !bpf_attach(self->cgroup, prog, BPF_CGROUP_SYSCTL));
	EXPECT_WAKES(0, read_file("/proc/sys/kernel/ostype", text,
				  sizeof(text)) == -EPERM);
	EXPECT_WAKES(1, read_file("/proc/sys/net/ipv4/ip_forward", text,
				  sizeof(text)) == -EPERM);
}

/* Drops all that comes. */
static int verdict_prog(void)
{
	return bpf_prog_return(BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_VERDICT,
			       SK_DROP);
}

/* Local sockets in a map need no more than they did. */
TEST_F(bpf, sockmap_of_local_sockets)
{
	int map = bpf_map(BPF_MAP_TYPE_SOCKMAP, sizeof(int), 2);
	int prog = verdict_prog();
	int pair[2], other[2];
	char c;

	ASSERT_LE(0, map);
	ASSERT_LE(0, prog);
	EXPECT_WAKES_PART(0, !bpf_attach(map, prog, BPF_SK_SKB_VERDICT));
	EXPECT_WAKES_PART(1, !socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	EXPECT_WAKES_PART(0, !socketpair(AF_UNIX, SOCK_DGRAM, 0, other));
	EXPECT_WAKES_PART(0, !bpf_map_set(map, 0, &pair[1]));
	EXPECT_WAKES_PART(0, write(pair[0], "x", 1) == 1);
	EXPECT_WAKES_PART(0, recv(pair[1], &c, 1, MSG_DONTWAIT) == -1);
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_WAKES_PART(0, write(other[0], "x", 1) == 1);
	EXPECT_WAKES_PART(0, recv(other[1], &c, 1, MSG_DONTWAIT) == 1);
}

TEST_F(bpf, sockmap_of_others)
{
	int map = bpf_map(BPF_MAP_TYPE_SOCKMAP, sizeof(int), 2);
	int sock;

	ASSERT_LE(0, map);
	EXPECT_WAKES(1, (sock = listen_on_port(SOCK_DGRAM)) >= 0);
	EXPECT_WAKES(0, !bpf_map_set(map, 0, &sock));
}

DORMANT_TEST_MAIN
