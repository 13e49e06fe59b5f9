// SPDX-License-Identifier: GPL-2.0
/*
 * A congestion control, test_cc, that behaves as reno does. Other than that it
 * can be unloaded when no network namespace has it.
 */
#include <linux/module.h>
#include <net/tcp.h>

static struct tcp_congestion_ops test_cc = {
	.ssthresh = tcp_reno_ssthresh,
	.cong_avoid = tcp_reno_cong_avoid,
	.undo_cwnd = tcp_reno_undo_cwnd,
	.name = "test_cc",
	.owner = THIS_MODULE,
};

static int __init test_cc_init(void)
{
	return tcp_register_congestion_control(&test_cc);
}

static void __exit test_cc_exit(void)
{
	tcp_unregister_congestion_control(&test_cc);
}

module_init(test_cc_init);
module_exit(test_cc_exit);

MODULE_DESCRIPTION("A congestion control that can be unloaded");
MODULE_LICENSE("GPL");
