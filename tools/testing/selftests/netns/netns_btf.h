/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Just enough of BTF for the tests: the numbers by which programs call functions
 * of the kernel, from its own description of its types.
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
	__u32 first_id;
	__u32 first_string;
	__u32 end_id;		/* as soon as it has been walked over */
};

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
		.first_string = base ? base->header->str_len : 0,
	};
	if (!blob->data)
		return -ENOMEM;
	blob->header = blob->data;
	len = read_file(path, blob->data, st.st_size + 1);
	if (len != st.st_size || blob->header->magic != BTF_MAGIC)
		return len < 0 ? len : -EINVAL;
	return 0;
}

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

/* The number of the function of that name, or -ENOENT. */
static inline int btf_walk(struct btf_blob *blob, const char *name)
{
	const char *pos = (char *)blob->data + blob->header->hdr_len +
			  blob->header->type_off;
	const char *end = pos + blob->header->type_len;
	const struct btf_type *type;
	__u32 id = blob->first_id;
	int found = -ENOENT;

	for (; pos < end; pos += btf_size(type), id++) {
		type = (const void *)pos;
		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC &&
		    !strcmp(btf_string(blob, type->name_off), name))
			found = id;
	}
	blob->end_id = id;
	return found;
}

/* Of the kernel itself, whose @module is NULL, or of a module. */
static inline int btf_function(const char *module, const char *name)
{
	struct btf_blob kernel = {}, split = {};
	int id;

	id = btf_open(&kernel, NULL, "vmlinux");
	if (!id)
		id = btf_walk(&kernel, name);
	if (module && kernel.end_id) {
		id = btf_open(&split, &kernel, module);
		if (!id)
			id = btf_walk(&split, name);
	}
	free(split.data);
	free(kernel.data);
	return id;
}

#endif /* NETNS_BTF_H */
