/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of devices' directories in sysfs share: devices that are alike
 * to the last attribute, and writing down all that is to be seen of one.
 */
#ifndef SYSFS_TREE_H
#define SYSFS_TREE_H

#include <dirent.h>
#include <limits.h>

#include "veth_ethtool.h"

#define DEV "dev"
#define DEV_INDEX 4711
#define NR_TX 3
#define NR_RX 2

#define CLASS_PATH "/class/net/"
#define DEVICES_PATH "/devices/virtual/net/"
#define CLASS "/sys" CLASS_PATH
#define DEVICES "/sys" DEVICES_PATH

/* A line for the directory itself and for everything below it. */
struct tree {
	size_t len;
	char text[1 << 18];
};

static inline void __printf(2, 3)
tree_print(struct tree *tree, const char *fmt, ...)
{
	size_t room = sizeof(tree->text) - tree->len;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(tree->text + tree->len, room, fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= room)
		ksft_exit_fail_msg("too much in a device's directory\n");
	tree->len += len;
}

/* The value of an attribute, or why there is none; not that of a clock. */
static inline void tree_print_value(struct tree *tree, int dir,
				    const char *name)
{
	size_t len = strlen(name);
	char text[256], *c;
	ssize_t got;
	int fd;

	if (len > 6 && !strcmp(name + len - 6, "_timer"))
		return;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		tree_print(tree, " not opened: %d", errno);
		return;
	}
	got = read(fd, text, sizeof(text) - 1);
	if (got < 0) {
		tree_print(tree, " not read: %d", errno);
	} else {
		text[got] = '\0';
		for (c = text; *c; c++)
			if (*c == '\n')
				*c = ' ';
		tree_print(tree, " = %s", text);
	}
	close(fd);
}

static inline void tree_print_stat(struct tree *tree, const char *prefix,
				   const char *name, const struct stat *st)
{
	tree_print(tree, "%s%s %o size %ld links %ld owner %d:%d", prefix, name,
		   st->st_mode, (long)st->st_size, (long)st->st_nlink,
		   st->st_uid, st->st_gid);
}

static inline int tree_walk(struct tree *tree, int dir, const char *prefix,
			    bool values);

/* What the directory says of an entry must be what the entry says of itself. */
static inline int tree_add(struct tree *tree, int dir, const char *prefix,
			   const struct dirent *entry, bool values)
{
	const char *name = entry->d_name;
	char target[256], below[256];
	struct stat st;
	ssize_t len;
	int fd, err;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (st.st_ino != entry->d_ino || IFTODT(st.st_mode) != entry->d_type)
		return -ESTALE;
	tree_print_stat(tree, prefix, name, &st);
	if (S_ISLNK(st.st_mode)) {
		len = readlinkat(dir, name, target, sizeof(target));
		if (len < 0)
			return -errno;
		tree_print(tree, " -> %.*s", (int)len, target);
	} else if (S_ISREG(st.st_mode) && values) {
		tree_print_value(tree, dir, name);
	}
	tree_print(tree, "\n");
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(below, sizeof(below), "%s%s/", prefix, name);
	err = tree_walk(tree, fd, below, values);
	close(fd);
	return err;
}

static inline int tree_walk(struct tree *tree, int dir, const char *prefix,
			    bool values)
{
	int n, i, err = 0;
	struct dirent **list;

	n = scandirat(dir, ".", &list, NULL, alphasort);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		if (!err)
			err = tree_add(tree, dir, prefix, list[i], values);
		free(list[i]);
	}
	free(list);
	return err;
}

/* Writes down what is in one more directory: 0 or a negative errno. */
static inline int tree_more(struct tree *tree, const char *path, bool values)
{
	struct stat st;
	int dir, err;

	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	err = fstat(dir, &st) ? -errno : 0;
	/* It counts the devices of all namespaces, which come and go. */
	if (!strcmp(path, DEVICES))
		st.st_nlink = 0;
	if (!err) {
		tree_print_stat(tree, "", ".", &st);
		tree_print(tree, "\n");
		err = tree_walk(tree, dir, "", values);
	}
	close(dir);
	return err;
}

static inline int tree_of(struct tree *tree, const char *path, bool values)
{
	tree->len = 0;
	tree->text[0] = '\0';
	return tree_more(tree, path, values);
}

/* The line of an entry, which is named by its path from the directory. */
static inline const char *tree_find(const struct tree *tree, const char *name)
{
	char start[256];
	const char *line;

	snprintf(start, sizeof(start), "\n%s ", name);
	line = strstr(tree->text, start);
	return line ? line + 1 : NULL;
}

/* The first thing by which two differ, or NULL. */
static inline const char *tree_difference(const struct tree *a,
					  const struct tree *b)
{
	const char *x = a->text, *y = b->text, *line = x;
	static char text[1024];

	for (; *x && *x == *y; x++, y++)
		if (*x == '\n')
			line = x + 1;
	if (*x == *y)
		return NULL;
	y = b->text + (line - a->text);
	snprintf(text, sizeof(text), "\"%.*s\" against \"%.*s\"",
		 (int)strcspn(line, "\n"), line, (int)strcspn(y, "\n"), y);
	return text;
}

#define EXPECT_SAME_TREE(a, b)						\
do {									\
	const char *__difference = tree_difference(a, b);		\
									\
	EXPECT_EQ(NULL, __difference) {					\
		TH_LOG("%s", __difference);				\
	}								\
} while (0)

/*
 * A device of which only its moment of birth is not the same each time. The
 * other end of a pair, "far", has the index after @index.
 */
static inline int device_add(int nl, const char *kind, const char *name,
			     int index)
{
	const unsigned char near[ETH_ALEN] = { 2, 0, 0, 0, 0x47, index };
	const unsigned char far[ETH_ALEN] = { 2, 0, 0, 0, 0x47, index + 1 };
	const struct ifinfomsg peer = { .ifi_index = index + 1 };
	struct rtattr *info, *data, *end;
	struct ifinfomsg *ifi;
	struct nl_req req;

	info = nl_init_link(&req, kind, name, IFLA_NUM_TX_QUEUES, NR_TX);
	ifi = NLMSG_DATA(&req.nlh);
	ifi->ifi_index = index;
	if (!strcmp(kind, "veth")) {
		data = nl_put(&req, IFLA_INFO_DATA, NULL, 0);
		end = nl_put(&req, VETH_INFO_PEER, &peer, sizeof(peer));
		nl_put_str(&req, IFLA_IFNAME, "far");
		nl_put(&req, IFLA_ADDRESS, far, sizeof(far));
		nl_end_nest(&req, end);
		nl_end_nest(&req, data);
	}
	nl_end_nest(&req, info);
	nl_put_int(&req, IFLA_NUM_RX_QUEUES, NR_RX);
	nl_put(&req, IFLA_ADDRESS, near, sizeof(near));
	return nl_talk(nl, &req, NULL, NULL, NULL);
}

/* Another one in its place, at which nobody has looked. */
static inline int device_renew(int nl, const char *kind)
{
	link_del(nl, DEV);
	return device_add(nl, kind, DEV, DEV_INDEX);
}

/* A new namespace, its sysfs and, which is returned, a socket of rtnetlink. */
static inline int enter_new_place(void)
{
	int nsfd, err;

	nsfd = new_netns();
	if (nsfd < 0)
		return nsfd;
	err = see_sysfs_of(nsfd);
	close(nsfd);
	return err ? err : nl_open();
}

#endif /* SYSFS_TREE_H */
