// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU's: counts the instructions that the guest executes from the
 * entry of one function to the next entry of another.
 *
 * A program in the guest says which functions, and when (mark.h). For each time
 * it records, a line with the case's name and the median goes to the file that
 * the plugin is given as out=FILE; none if the functions were not passed often
 * enough. The guest executes nothing for it. It must never be used with more than
 * one virtual CPU: counts are not atomic.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"
#include "qemu.h"

#define MOST	4096
#define ENOUGH	50

int qemu_plugin_version = 1;

static qemu_plugin_id_t self;
static FILE *out;

/* Instructions so far, with all of the current block. */
static uint64_t executed;

static uint64_t word;
static uint64_t begin_address, end_address;
static char name[64];
static size_t length;

static bool recording, inside;
static uint64_t entered;
static uint64_t lengths[MOST];
static int recorded;

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static void stop(void)
{
	recording = false;
	if (recorded < ENOUGH)
		return;
	qsort(lengths, recorded, sizeof(*lengths), compare);
	fprintf(out, "%s\t%llu\n", name,
		(unsigned long long)lengths[recorded / 2]);
	fflush(out);
}

/* @left is how much of the block is not executed yet. */
static void at_begin(unsigned int cpu, void *left)
{
	entered = executed - (uint64_t)left;
	inside = recording;
}

static void at_end(unsigned int cpu, void *left)
{
	if (!inside)
		return;
	inside = false;
	if (recorded < MOST)
		lengths[recorded++] = executed - (uint64_t)left - entered;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);

/* All that was translated before is forgotten, and comes again. */
static void watch(qemu_plugin_id_t id)
{
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
}

static void at_mark(unsigned int cpu, void *number)
{
	switch ((enum mark)(uint64_t)number) {
	case MARK_ZERO:
	case MARK_ONE:
		word = word << 1 | (uint64_t)number;
		break;
	case MARK_BEGIN:
		begin_address = word;
		memset(name, 0, sizeof(name));
		length = 0;
		break;
	case MARK_END:
		end_address = word;
		qemu_plugin_reset(self, watch);
		break;
	case MARK_NAME:
		if (length + sizeof(word) < sizeof(name)) {
			memcpy(name + length, &word, sizeof(word));
			length += sizeof(word);
		}
		break;
	case MARK_RECORD:
		recorded = 0;
		inside = false;
		recording = true;
		break;
	case MARK_STOP:
		stop();
		break;
	case MARKS:
		break;
	}
}

static uint64_t mark_of(struct qemu_plugin_insn *insn)
{
	/* nopl NUMBER(%rax) */
	static const uint8_t opcode[] = { 0x0f, 0x1f, 0x80 };
	const uint8_t *data = qemu_plugin_insn_data(insn);
	uint32_t number;

	if (qemu_plugin_insn_size(insn) != sizeof(opcode) + sizeof(number) ||
	    memcmp(data, opcode, sizeof(opcode)))
		return MARKS;
	memcpy(&number, data + sizeof(opcode), sizeof(number));
	number -= MARK_NUMBER;
	return number < MARKS ? number : MARKS;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;
	struct qemu_plugin_insn *insn;
	uint64_t address, mark;

	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
						 &executed, n);
	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		address = qemu_plugin_insn_vaddr(insn);
		mark = mark_of(insn);
		if (mark < MARKS)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_mark,
							       QEMU_PLUGIN_CB_NO_REGS,
							       (void *)mark);
		if (address == begin_address)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_begin,
							       QEMU_PLUGIN_CB_NO_REGS,
							       (void *)(n - i));
		if (address == end_address)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_end,
							       QEMU_PLUGIN_CB_NO_REGS,
							       (void *)(n - i));
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info,
			int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "between: wants out=FILE\n");
		return -1;
	}
	out = fopen(argv[0] + 4, "w");
	if (!out) {
		perror(argv[0] + 4);
		return -1;
	}
	self = id;
	watch(id);
	return 0;
}
