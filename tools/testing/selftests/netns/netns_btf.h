/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Just enough of BTF for the tests: the numbers by which programs call functions
 * of the kernel, or are called in their place, and where members of structs are,
 * from its own description of its types.
 */
#ifndef NETNS_BTF_H
#define NETNS_BTF_H

#include <linux/btf.h>

#include "netns_util.h"

#define BTF_DIR "/sys/kernel/btf/"

/* Of a module, or of the kernel itself, on which those of modules build. */
struct btf_blob {
	const struct btf_blob *base;
	void *data;
	const struct btf_header *header;
	const struct btf_type **types;	/* by their numbers, from first_id on */
	__u32 first_id;
	__u32 first_string;
	__u32 end_id;
};

static inline const char *btf_string(const struct btf_blob *blob, __u32 offset)
{
	if (offset < blob->first_string)
		return btf_string(blob->base, offset);
	return (char *)blob->data + blob->header->hdr_len +
	       blob->header->str_off + offset - blob->first_string;
}

/* How long a type is. */
static inline size_t btf_size(const struct btf_type *type)
{
	static const size_t once[NR_BTF_KINDS] = {
		[BTF_KIND_INT] = sizeof(__u32),
		[BTF_KIND_ARRAY] = sizeof(struct btf_array),
		[BTF_KIND_VAR] = sizeof(struct btf_var),
		[BTF_KIND_DECL_TAG] = sizeof(struct btf_decl_tag),
	};
	static const size_t each[NR_BTF_KINDS] = {
		[BTF_KIND_STRUCT] = sizeof(struct btf_member),
		[BTF_KIND_UNION] = sizeof(struct btf_member),
		[BTF_KIND_ENUM] = sizeof(struct btf_enum),
		[BTF_KIND_ENUM64] = sizeof(struct btf_enum64),
		[BTF_KIND_FUNC_PROTO] = sizeof(struct btf_param),
		[BTF_KIND_DATASEC] = sizeof(struct btf_var_secinfo),
	};
	unsigned int kind = BTF_INFO_KIND(type->info);

	return sizeof(*type) + once[kind] +
	       BTF_INFO_VLEN(type->info) * each[kind];
}

static inline int btf_index(struct btf_blob *blob)
{
	const char *pos = (char *)blob->data + blob->header->hdr_len +
			  blob->header->type_off;
	const char *end = pos + blob->header->type_len;

	blob->types = calloc(blob->header->type_len / sizeof(struct btf_type),
			     sizeof(*blob->types));
	if (!blob->types)
		return -ENOMEM;
	for (; pos < end; pos += btf_size((const void *)pos), blob->end_id++)
		blob->types[blob->end_id - blob->first_id] = (const void *)pos;
	return 0;
}

static inline int btf_open(struct btf_blob *blob, const struct btf_blob *base,
			   const char *name)
{
	char path[64];
	struct stat st;
	int len;

	snprintf(path, sizeof(path), BTF_DIR "%s", name);
	if (stat(path, &st))
		return -errno;
	*blob = (struct btf_blob) {
		.base = base,
		.data = malloc(st.st_size + 1),
		.first_id = base ? base->end_id : 1,
		.end_id = base ? base->end_id : 1,
		.first_string = base ? base->header->str_len : 0,
	};
	if (!blob->data)
		return -ENOMEM;
	blob->header = blob->data;
	len = read_file(path, blob->data, st.st_size + 1);
	if (len != st.st_size || blob->header->magic != BTF_MAGIC)
		return len < 0 ? len : -EINVAL;
	return btf_index(blob);
}

static inline void btf_close(struct btf_blob *blob)
{
	free(blob->types);
	free(blob->data);
}

/* The number of the type of that kind and name, or -ENOENT. */
static inline int btf_find(const struct btf_blob *blob, unsigned int kind,
			   const char *name)
{
	const struct btf_type *type;
	__u32 id;

	for (id = blob->first_id; id < blob->end_id; id++) {
		type = blob->types[id - blob->first_id];
		if (BTF_INFO_KIND(type->info) == kind &&
		    !strcmp(btf_string(blob, type->name_off), name))
			return id;
	}
	return -ENOENT;
}

/* Of the kernel itself, whose @module is NULL, or of a module. */
static inline int btf_function(const char *module, const char *name)
{
	struct btf_blob kernel = {}, split = {};
	int id;

	id = btf_open(&kernel, NULL, "vmlinux");
	if (!id && module)
		id = btf_open(&split, &kernel, module);
	if (!id)
		id = btf_find(module ? &split : &kernel, BTF_KIND_FUNC, name);
	btf_close(&split);
	btf_close(&kernel);
	return id;
}

/* btf_member() of the kernel's type with that number. */
static inline int btf_member_of(const struct btf_blob *kernel, __u32 id,
				const char *name)
{
	const struct btf_type *type = kernel->types[id - kernel->first_id];
	const struct btf_member *member = (const void *)(type + 1);
	unsigned int i, kind = BTF_INFO_KIND(type->info);
	int offset, inner;

	if (kind != BTF_KIND_STRUCT && kind != BTF_KIND_UNION)
		return -ENOENT;
	for (i = 0; i < BTF_INFO_VLEN(type->info); i++, member++) {
		offset = BTF_INFO_KFLAG(type->info) ?
			 BTF_MEMBER_BIT_OFFSET(member->offset) : member->offset;
		if (member->name_off) {
			if (!strcmp(btf_string(kernel, member->name_off), name))
				return offset / 8;
			continue;
		}
		inner = btf_member_of(kernel, member->type, name);
		if (inner >= 0)
			return offset / 8 + inner;
	}
	return -ENOENT;
}

/*
 * At which byte of a struct of the kernel a member is, or -ENOENT. Those of
 * members without a name are the struct's own.
 */
static inline int btf_member(const struct btf_blob *kernel, const char *type,
			     const char *name)
{
	int id = btf_find(kernel, BTF_KIND_STRUCT, type);

	return id < 0 ? id : btf_member_of(kernel, id, name);
}

#endif /* NETNS_BTF_H */
