# The commands of the project: a name for each, the work is in tools/.
# Must never hold logic of its own.
MAKEFLAGS += --no-print-directory

.PHONY: run test shell deps kernel kernel-debug kernel-kasan kernel-small kernel-no-netns
.PHONY: stock stock-small pernet-stock rootfs bench bench-check series prepare clean help

run: deps kernel rootfs ## build the kernel, boot it, and give a tour
	tools/guest/run --dir tools/guest -- ./tour.sh
	@echo "The kernel is build/bzImage, its user space build/rootfs.squashfs."
	@echo "Now: make shell for a guest of your own, make test for the proof, make help."

test: deps ## run the tests; TESTS=name[,name] runs some (make test TESTS=help), KERNEL=kasan with KASAN
	tools/test/run $(if $(KERNEL),--kernel $(KERNEL)) $(TESTS)

bench: deps kernel stock rootfs ## compare with stock's: build/bench/report.md; SET=full, CASES=name[,name]
	tools/bench/run $(if $(SET),--set $(SET)) $(if $(CASES),--cases $(CASES))

shell: deps kernel rootfs ## an interactive guest
	tools/guest/run

bench-check: deps kernel stock rootfs ## fail if a ratio to stock is worse than it was
	tools/bench/check

deps: ## install the Debian packages that are missing
	tools/build/deps

prepare: ## unpack the kernel and lay our files over it: build/linux
	tools/build/prepare

kernel: prepare ## build/bzImage, the kernel for people
	tools/build/kernel guest

kernel-debug: prepare ## build/bzImage-debug, with everything that catches bugs
	tools/build/kernel debug

kernel-kasan: prepare ## build/bzImage-kasan, the same with KASAN
	tools/build/kernel kasan

kernel-small: prepare ## build/bzImage-small, the smallest one with namespaces
	tools/build/kernel small

kernel-no-netns: prepare ## build/bzImage-no-netns, with CONFIG_NET_NS=n
	tools/build/kernel no-netns

stock: prepare ## build/stock/bzImage, the package's own, for comparison
	tools/build/kernel --stock guest

stock-small: prepare ## build/stock/bzImage-small
	tools/build/kernel --stock small

pernet-stock: stock-small rootfs ## record tools/test/pernet-stock.log from the package's kernel
	tools/test/pernet-log build/pristine small build/stock/bzImage-small \
		> build/pernet-stock.log
	mv build/pernet-stock.log tools/test/pernet-stock.log

rootfs: ## build/rootfs.squashfs, the guest's user space
	tools/build/rootfs

series: prepare ## build/series, what git am applies to the package's tree
	tools/series/make

clean: ## remove build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1#\2/p' Makefile | \
		while IFS='#' read -r name text; do printf '%-16s %s\n' "$$name" "$$text"; done
