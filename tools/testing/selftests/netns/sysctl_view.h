/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of /proc/sys/net share: namespaces with devices into which
 * nobody has looked, and what there is to see of them.
 */
#ifndef SYSCTL_VIEW_H
#define SYSCTL_VIEW_H

#include <ftw.h>

#include "dormant_util.h"

#define NET "/proc/sys/net"
#define HOME_ONLY "core/netdev_max_backlog"

/* What a device has a directory in, and a file of that. */
static const struct {
	const char *dir, *file;
} places[] = {
	{ "ipv4/conf", "forwarding" },
	{ "ipv6/conf", "forwarding" },
	{ "ipv4/neigh", "ucast_solicit" },
	{ "ipv6/neigh", "ucast_solicit" },
};

#define EVERYWHERE ((int)ARRAY_SIZE(places))

/* Returns a path below /proc/sys/net that is good until the next call. */
static inline const char *__printf(1, 2) entry(const char *fmt, ...)
{
	static char path[128];
	va_list ap;

	va_start(ap, fmt);
	snprintf(path, sizeof(path), NET "/");
	vsnprintf(path + sizeof(NET), sizeof(path) - sizeof(NET), fmt, ap);
	va_end(ap);
	return path;
}

/* In how many of its places the device is; -1 if it is and is not. */
static inline int shown(const char *name)
{
	bool there, listed;
	int i, n = 0;

	for (i = 0; i < EVERYWHERE; i++) {
		there = opens(entry("%s/%s/%s", places[i].dir, name,
				    places[i].file));
		listed = lists(entry("%s", places[i].dir), name);
		if (there != listed)
			return -1;
		n += there;
	}
	return n;
}

/* The value there, or a negative errno. */
static inline int number(const char *path)
{
	char text[32];
	int len = read_file(path, text, sizeof(text));

	return len < 0 ? len : atoi(text);
}

static inline int dummy_add(int nl, const char *name)
{
	struct rtattr *info;
	struct nl_req req;

	info = nl_init_link(&req, "dummy", name, IFLA_MTU, 1500);
	nl_end_nest(&req, info);
	return nl_talk(nl, &req, NULL, NULL, NULL);
}

static inline int rename_to(int nl, const char *from, const char *to)
{
	int index = link_index(nl, from);

	return index < 0 ? index : link_rename(nl, index, to);
}

/* A dummy d0 and a pair v0 and v1 of the caller's namespace. */
static inline int add_devices(int nl)
{
	int nsfd = open_self_ns("net");
	int err;

	err = dummy_add(nl, "d0");
	if (!err)
		err = veth_add(nl, "v0", "v1", nsfd);
	close(nsfd);
	return err;
}

/*
 * Enters a new namespace, adds devices, and returns a socket of it: nobody has
 * looked, but it is not dormant.
 */
static inline int enter_with(int (*add)(int nl))
{
	int nl, err;

	err = sys_unshare(CLONE_NEWNET);
	if (err)
		return err;
	nl = nl_open();
	if (nl < 0)
		return nl;
	err = add(nl);
	return err ? err : nl;
}

static inline int enter_unseen(void)
{
	return enter_with(add_devices);
}

/* Is all that any namespace has there, and what is the initial one's not? */
static inline bool is_whole(void)
{
	return shown("lo") == EVERYWHERE &&
	       opens(entry("ipv4/conf/all/forwarding")) &&
	       opens(entry("ipv4/conf/default/forwarding")) &&
	       opens(entry("ipv6/conf/all/forwarding")) &&
	       opens(entry("ipv6/conf/default/forwarding")) &&
	       opens(entry("core/somaxconn")) &&
	       opens(entry("unix/max_dgram_qlen")) &&
	       !opens(entry(HOME_ONLY));
}

static FILE *listing;

static inline int list_one(const char *path, const struct stat *st, int type,
			   struct FTW *ftw)
{
	return fprintf(listing, "%s %o %u:%u\n", path, st->st_mode, st->st_uid,
		       st->st_gid) < 0;
}

/* All that is below /proc/sys/net, with modes and owners; NULL on failure. */
static inline char *list_all(void)
{
	char *text = NULL;
	size_t size;
	int err;

	listing = open_memstream(&text, &size);
	if (!listing)
		return NULL;
	err = nftw(NET, list_one, 16, FTW_PHYS);
	return fclose(listing) || err ? NULL : text;
}

static inline bool has_entry_at(int dir, const char *path)
{
	return !faccessat(dir, path, F_OK, 0);
}

/* A directory that was opened may be listed again. */
static inline bool lists_at(int dir, const char *name)
{
	return !find_in(fdopendir(openat(dir, ".", O_RDONLY | O_CLOEXEC)), name);
}

#endif /* SYSCTL_VIEW_H */
