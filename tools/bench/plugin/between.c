// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU's: counts the instructions that a driver takes per packet, from
 * the entry of its transmit function to the entry of the stack's function at the
 * other end.
 *
 * Of packets that are on their way together, neither counts what the stack does
 * with those that arrived before the last one, nor what the sender does between
 * one and the next.
 *
 * A program in the guest says which functions, and when (mark.h). For each time
 * it records, a line with the case's name and the median goes to the file that
 * the plugin is given as out=FILE; none if packets did not arrive often enough.
 * The guest executes nothing for it. It must never be used with more than one
 * virtual CPU: counts are not atomic.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"
#include "qemu.h"

#define MOST	4096
#define ENOUGH	50
#define ENDS	16

/* Calls that are remembered, and among how many of the last a return may be. */
#define CALLS	1024
#define LOOK	64

/* A block goes to its callback as one word: kernel addresses differ in this part. */
#define ADDRESS_BITS	48
#define ADDRESS_MASK	((1ULL << ADDRESS_BITS) - 1)

int qemu_plugin_version = 1;

static qemu_plugin_id_t self;
static FILE *out;

/* Instructions so far, with all of the current block. */
static uint64_t executed;

static uint64_t word;
static uint64_t begin_address, end_addresses[ENDS];
static unsigned int ends;
static uint64_t packets;
static char name[64];
static size_t length;

static bool recording;
static uint64_t lengths[MOST];
static int recorded;

/* Where functions that were called return to. One that jumps to another has that
 * return in its place, and one that returns elsewhere leaves a word that nothing
 * ever returns to.
 */
static uint64_t calls[CALLS];
static uint64_t depth;

/* What is on its way: since when, how much of that does not count, and what
 * counted when last a packet arrived.
 */
static bool underway;
static uint64_t entered, excluded, arrived;

/* A part that does not count begins where the driver returns to the sender, and
 * stands if it ends in the driver again; or it is the stack's.
 */
static bool in_driver, in_sender, in_stack;
static uint64_t driver_depth, stack_depth;
static uint64_t excluded_from;

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

static void at_call(unsigned int cpu, void *return_address)
{
	if (recording)
		calls[depth++ % CALLS] = (uint64_t)return_address;
}

/* Whether the kernel is about to leave functions is seen as a block begins. */
static void at_block(unsigned int cpu, void *block)
{
	uint64_t address = (uint64_t)block & ADDRESS_MASK, i;
	uint64_t now = executed - ((uint64_t)block >> ADDRESS_BITS);

	if (!recording)
		return;
	for (i = 1; i <= LOOK && i <= depth; i++) {
		if (calls[(depth - i) % CALLS] == address) {
			depth -= i;
			break;
		}
	}
	if (in_stack && depth < stack_depth) {
		in_stack = false;
		excluded += now - excluded_from;
	} else if (in_driver && depth < driver_depth) {
		in_driver = false;
		in_sender = true;
		excluded_from = now;
	}
}

/* @left is how much of the block is not executed yet. */
static void at_begin(unsigned int cpu, void *left)
{
	uint64_t now = executed - (uint64_t)left;

	if (!recording || in_stack)
		return;
	if (!underway) {
		underway = true;
		entered = now;
		excluded = 0;
		arrived = 0;
	} else if (in_sender) {
		excluded += now - excluded_from;
	}
	in_sender = false;
	in_driver = true;
	driver_depth = depth;
}

static void at_end(unsigned int cpu, void *left)
{
	uint64_t now = executed - (uint64_t)left;

	if (!underway || in_stack)
		return;
	arrived = now - entered - excluded;
	in_driver = false;
	in_sender = false;
	in_stack = true;
	stack_depth = depth;
	excluded_from = now;
}

static void all_arrived(void)
{
	if (arrived && recorded < MOST)
		lengths[recorded++] = arrived / packets;
	arrived = 0;
	underway = false;
	in_driver = false;
	in_sender = false;
	in_stack = false;
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
		ends = 0;
		memset(name, 0, sizeof(name));
		length = 0;
		break;
	case MARK_END:
		if (ends < ENDS)
			end_addresses[ends++] = word;
		break;
	case MARK_NAME:
		if (length + sizeof(word) < sizeof(name)) {
			memcpy(name + length, &word, sizeof(word));
			length += sizeof(word);
		}
		break;
	case MARK_PACKETS:
		packets = word;
		qemu_plugin_reset(self, watch);
		break;
	case MARK_RECORD:
		recorded = 0;
		depth = 0;
		recording = true;
		break;
	case MARK_STOP:
		stop();
		break;
	case MARK_ARRIVED:
		all_arrived();
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

static bool is_end(uint64_t address)
{
	unsigned int i;

	for (i = 0; i < ends; i++)
		if (end_addresses[i] == address)
			return true;
	return false;
}

static bool is_call(struct qemu_plugin_insn *insn)
{
	const uint8_t *data = qemu_plugin_insn_data(insn);
	size_t i = 0, size = qemu_plugin_insn_size(insn);

	/* Prefixes that alignment and branch tracking add, and REX. */
	while (i + 1 < size && (data[i] == 0x2e || data[i] == 0x3e || data[i] >> 4 == 4))
		i++;
	return data[i] == 0xe8 || (data[i] == 0xff && (data[i + 1] >> 3 & 7) == 2);
}

static void on_exec(struct qemu_plugin_insn *insn, void (*cb)(unsigned int cpu, void *data),
		    uint64_t data)
{
	qemu_plugin_register_vcpu_insn_exec_cb(insn, cb, QEMU_PLUGIN_CB_NO_REGS, (void *)data);
}

/* What user space calls and returns from is of no interest. */
static bool is_kernel(uint64_t address)
{
	return address >> 63;
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
			on_exec(insn, at_mark, mark);
		if (!packets || !is_kernel(address))
			continue;
		if (!i)
			on_exec(insn, at_block, (address & ADDRESS_MASK) | n << ADDRESS_BITS);
		if (address == begin_address)
			on_exec(insn, at_begin, n - i);
		if (is_end(address))
			on_exec(insn, at_end, n - i);
		if (is_call(insn))
			on_exec(insn, at_call,
				(address + qemu_plugin_insn_size(insn)) & ADDRESS_MASK);
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
