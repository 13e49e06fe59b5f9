// SPDX-License-Identifier: GPL-2.0
/*
 * A group of attributes that a network device has from when this is loaded until
 * it is unloaded. The value of each is its name.
 *
 *   insmod test_group.ko name=NAME [single=ATTRIBUTE]
 *
 * NAME is looked up in the namespace of who loads this. ATTRIBUTE is removed by
 * itself as soon as there is the group.
 */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <net/net_namespace.h>

static char *name = "lo";
module_param(name, charp, 0);

static char *single = "";
module_param(single, charp, 0);

static ssize_t late_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n", attr->attr.name);
}

static struct device_attribute late_first =
	__ATTR(late_first, 0444, late_show, NULL);
static struct device_attribute late_second =
	__ATTR(late_second, 0444, late_show, NULL);

static struct attribute *late_attrs[] = {
	&late_first.attr,
	&late_second.attr,
	NULL,
};

static ssize_t late_read(struct file *file, struct kobject *kobj,
			 struct bin_attribute *attr, char *buf, loff_t off,
			 size_t count)
{
	memcpy(buf, attr->attr.name + off, count);
	return count;
}

static struct bin_attribute late_binary =
	__BIN_ATTR(late_binary, 0444, late_read, NULL,
		   sizeof("late_binary") - 1);

static struct bin_attribute *late_bin_attrs[] = {
	&late_binary,
	NULL,
};

static const struct attribute_group late_group = {
	.attrs = late_attrs,
	.bin_attrs = late_bin_attrs,
};

static struct net_device *late_dev;
static netdevice_tracker tracker;

static void remove_single(struct kobject *kobj)
{
	struct attribute **attr;

	for (attr = late_attrs; *attr; attr++)
		if (!strcmp((*attr)->name, single))
			sysfs_remove_file(kobj, *attr);
	if (!strcmp(late_binary.attr.name, single))
		sysfs_remove_bin_file(kobj, &late_binary);
}

static int __init test_group_init(void)
{
	int err;

	late_dev = netdev_get_by_name(current_net(), name, &tracker, GFP_KERNEL);
	if (!late_dev)
		return -ENODEV;
	err = sysfs_create_group(&late_dev->dev.kobj, &late_group);
	if (err) {
		netdev_put(late_dev, &tracker);
		return err;
	}
	remove_single(&late_dev->dev.kobj);
	return 0;
}

static void __exit test_group_exit(void)
{
	sysfs_remove_group(&late_dev->dev.kobj, &late_group);
	netdev_put(late_dev, &tracker);
}

module_init(test_group_init);
module_exit(test_group_exit);

MODULE_DESCRIPTION("Adds attributes to a network device");
MODULE_LICENSE("GPL");
