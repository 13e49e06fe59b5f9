// SPDX-License-Identifier: GPL-2.0
/*
 * While one task activates a network namespace, which takes as long as it takes,
 * others wait for it, and each of them can be killed: the waiting, whose end
 * means nothing to others, and the one that activates, after whom it is as if
 * nobody had begun. A module makes it take long: test_modules/test_gate.c.
 */
#include "dormant_util.h"

#define MODULE "test_modules/test_gate.ko"
#define GATE "/sys/module/test_gate/parameters/"

/* A module whose operations come and go: whoever activates waits for those. */
#define OTHER "ipip"

FIXTURE(gate)
{
	int nsfd;
	int pair[2];
};

FIXTURE_VARIANT(gate)
{
	bool local;	/* there are local sockets, which must not mind */
	bool deaf;	/* the operation does not end for who is killed */
};

FIXTURE_VARIANT_ADD(gate, dormant)
{
};

FIXTURE_VARIANT_ADD(gate, partial)
{
	.local = true,
};

FIXTURE_VARIANT_ADD(gate, deaf)
{
	.deaf = true,
};

static int shut_gate(bool shut)
{
	return write_file(GATE "shut", "%d", shut);
}

static int nr_in_gate(void)
{
	return read_counter(GATE "waiting");
}

static bool is_in_gate(int nr)
{
	return wait_until(nr_in_gate() == nr);
}

FIXTURE_SETUP(gate)
{
	int home = open_self_ns("net");

	if (access(MODULE, R_OK))
		SKIP(return, "no modules for this kernel");
	ASSERT_EQ(0, system("insmod " MODULE));
	ASSERT_EQ(0, write_file(GATE "deaf", "%d", variant->deaf));
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	if (variant->local)
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, self->pair));
	self->nsfd = open_self_ns("net");
	ASSERT_LE(0, self->nsfd);
	ASSERT_EQ(0, sys_setns(home, CLONE_NEWNET));
	ASSERT_EQ(0, shut_gate(true));
}

FIXTURE_TEARDOWN(gate)
{
	char c = 0;

	EXPECT_EQ(0, shut_gate(false));
	if (variant->local) {
		EXPECT_EQ(1, write(self->pair[0], "x", 1));
		EXPECT_EQ(1, read(self->pair[1], &c, 1));
		EXPECT_EQ('x', c);
	}
	EXPECT_EQ(0, system("rmmod test_gate"));
}

/* A child that wants a socket in there, and ends with 0 when it has it. */
static pid_t start_use(int nsfd)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(sys_setns(nsfd, CLONE_NEWNET) ||
		      !makes_socket(AF_INET, SOCK_DGRAM, 0));
	}
	return pid;
}

static bool is_in_socket(pid_t pid)
{
	return wait_until(call_of(pid) == __NR_socket);
}

/* One that wants a socket while another is in the gate for the same namespace. */
static pid_t start_waiting(struct __test_metadata *_metadata, int nsfd)
{
	pid_t pid = start_use(nsfd);

	ASSERT_TRUE(is_in_socket(pid));
	return pid;
}

/* Of a stack that is whole. */
static int lo_in(int nsfd)
{
	int nl = nl_open_in(nsfd);
	int index = nl < 0 ? nl : link_index(nl, "lo");

	close(nl);
	return index;
}

TEST_F(gate, who_waits_is_killed)
{
	int before = activations();
	pid_t first, second, third;

	first = start_use(self->nsfd);
	ASSERT_TRUE(is_in_gate(1));
	second = start_waiting(_metadata, self->nsfd);
	third = start_waiting(_metadata, self->nsfd);

	/* Returns when it is gone. */
	EXPECT_EQ(0, kill_child(second));
	EXPECT_EQ(1, nr_in_gate());
	EXPECT_EQ(before, activations());
	EXPECT_TRUE(is_in_socket(first));
	EXPECT_TRUE(is_in_socket(third));

	ASSERT_EQ(0, shut_gate(false));
	EXPECT_EQ(0, wait_exit(first));
	EXPECT_EQ(0, wait_exit(third));
	EXPECT_EQ(1, lo_in(self->nsfd));
	EXPECT_EQ(1, activations() - before);
}

/* One that has not heard of it until the gate opens may complete it, or not. */
TEST_F(gate, who_activates_is_killed)
{
	int before = activations();
	pid_t pid;

	pid = start_use(self->nsfd);
	ASSERT_TRUE(is_in_gate(1));
	if (variant->deaf) {
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(1, nr_in_gate());
		ASSERT_EQ(0, shut_gate(false));
		EXPECT_EQ(256 + SIGKILL, wait_exit(pid));
	} else {
		EXPECT_EQ(0, kill_child(pid));
		EXPECT_EQ(0, nr_in_gate());
		EXPECT_EQ(before, activations());
		ASSERT_EQ(0, shut_gate(false));
		EXPECT_EQ(before, activations());
	}
	EXPECT_EQ(1, lo_in(self->nsfd));
	EXPECT_EQ(1, activations() - before);
}

/* Then one of those who wait for him does it. */
TEST_F(gate, another_takes_over)
{
	int before = activations();
	pid_t first, second, third;

	first = start_use(self->nsfd);
	ASSERT_TRUE(is_in_gate(1));
	second = start_waiting(_metadata, self->nsfd);
	third = start_waiting(_metadata, self->nsfd);

	ASSERT_EQ(0, kill(first, SIGKILL));
	if (!variant->deaf) {
		EXPECT_EQ(256 + SIGKILL, wait_exit(first));
		EXPECT_TRUE(is_in_gate(1));
		EXPECT_EQ(before, activations());
	}
	ASSERT_EQ(0, shut_gate(false));
	if (variant->deaf)
		EXPECT_EQ(256 + SIGKILL, wait_exit(first));
	EXPECT_EQ(0, wait_exit(second));
	EXPECT_EQ(0, wait_exit(third));
	EXPECT_EQ(1, lo_in(self->nsfd));
	EXPECT_EQ(1, activations() - before);
}

/* Nothing else tells that it has come that far. */
static bool is_registering(pid_t pid)
{
	char path[64], text[8192];

	snprintf(path, sizeof(path), "/proc/%d/stack", pid);
	return read_file(path, text, sizeof(text)) > 0 &&
	       strstr(text, "register_pernet_");
}

static pid_t start_loading(void)
{
	pid_t pid = fork();

	if (!pid) {
		execlp("modprobe", "modprobe", OTHER, NULL);
		_exit(127);
	}
	return pid;
}

/*
 * A registration waits for the activation, and whoever comes after that waits
 * for the registration, in whatever namespace.
 */
TEST_F(gate, who_waits_for_a_module_is_killed)
{
	int before = activations();
	pid_t first, loader, other;
	int nsfd;

	if (system("modprobe -qn " OTHER))
		SKIP(return, "no other module for this kernel");
	first = start_use(self->nsfd);
	ASSERT_TRUE(is_in_gate(1));
	loader = start_loading();
	ASSERT_LT(0, loader);
	ASSERT_TRUE(wait_until(is_registering(loader)));
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	other = start_use(nsfd);
	ASSERT_TRUE(is_in_socket(other));
	EXPECT_EQ(0, kill_child(other));
	EXPECT_EQ(1, nr_in_gate());
	EXPECT_EQ(0, waitpid(loader, NULL, WNOHANG));
	EXPECT_EQ(before, activations());

	ASSERT_EQ(0, shut_gate(false));
	EXPECT_EQ(0, wait_exit(first));
	EXPECT_EQ(0, wait_exit(loader));
	EXPECT_EQ(1, lo_in(self->nsfd));
	EXPECT_EQ(1, lo_in(nsfd));
	EXPECT_EQ(2, activations() - before);
	EXPECT_EQ(0, system("rmmod " OTHER));
}

DORMANT_TEST_MAIN
