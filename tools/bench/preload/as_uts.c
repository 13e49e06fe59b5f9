// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into iproute2's ip, and with AS_UTS in the environment, this makes a
 * UTS namespace of each network namespace that ip would make, bind or enter: what
 * is left is the same program with the same mounts, which is what the namespace's
 * own cost is seen against. Without AS_UTS it costs the same and changes nothing.
 *
 * Must never change a call that does not name the kind of a namespace.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static int kind(int flags)
{
	if (!(flags & CLONE_NEWNET) || !getenv("AS_UTS"))
		return flags;
	return (flags & ~CLONE_NEWNET) | CLONE_NEWUTS;
}

static const char *path(const char *name)
{
	if (!name || strcmp(name, "/proc/self/ns/net") || !getenv("AS_UTS"))
		return name;
	return "/proc/self/ns/uts";
}

int unshare(int flags)
{
	return syscall(SYS_unshare, kind(flags));
}

int setns(int fd, int flags)
{
	return syscall(SYS_setns, fd, kind(flags));
}

int mount(const char *source, const char *target, const char *type,
	  unsigned long flags, const void *data)
{
	return syscall(SYS_mount, path(source), target, type, flags, data);
}

int open64(const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list list;

	if (flags & O_CREAT) {
		va_start(list, flags);
		mode = va_arg(list, mode_t);
		va_end(list);
	}
	return syscall(SYS_openat, AT_FDCWD, path(name), flags, mode);
}
