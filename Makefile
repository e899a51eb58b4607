# make run     install what is missing, build, start the garden in the foreground
# make test    everything that a change has to pass, set-up included
# make bench   measure; make bench-NAME one group      make lint    format, tidy, borders
# make build   the programs, in build/                 make clean   forget what was built
# make golden  tests/golden/diffusion anew, by Python's diffusers
# make docs    docs/settings.md, from the programs' own tables
# SAN=address,undefined builds into a folder of its own, under sanitizers.

.DEFAULT_GOAL := build
comma := ,
ifeq ($(origin CC),default)
CC := gcc
endif
WARN     := -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
CFLAGS   ?= -O2 -g
CFLAGS   += $(WARN)
CPPFLAGS += -I. -D_GNU_SOURCE -include lib/base/poison.h -isystem /usr/include/postgresql
LDLIBS   += -Wl,--as-needed -lrdkafka -lmicrohttpd -lcurl -ljansson -lsqlite3 -lpq -lcrypto \
            -lexpat -ljpeg -lpng -lwebp -lwebpdemux -ldnnl -lutf8proc -lpthread -lm
# Functions are looked up at start: doing so at the first call spills registers, which may hold a part of
# a visitor's picture, onto the stack.
LDFLAGS  += -Wl,-z,relro,-z,now
# clang's OpenMP is another library than oneDNN's: what it builds (fuzzers) runs lib/nn on one thread.
ifeq ($(findstring clang,$(CC)),)
CFLAGS   += -fopenmp
LDFLAGS  += -fopenmp
endif
ifdef SAN
CFLAGS  += -fsanitize=$(SAN) -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=$(SAN)
endif
B := build$(if $(SAN),/$(subst $(comma),-,$(SAN)))

SERVICES := $(patsubst services/%/main.c,%,$(wildcard services/*/main.c))
PROGRAMS := $(SERVICES) $(patsubst %/main.c,%,$(wildcard gateway/main.c gardenctl/main.c))
PARTS    := $(filter-out %/main.c,$(wildcard lib/*/*.c proto/*.c services/*/*.c gateway/*.c gardenctl/*.c))
SUPPORT  := $(wildcard tests/support/*.c)
TESTS    := $(wildcard tests/unit/*_test.c tests/contract/*_test.c tests/e2e/*_test.c)
BENCHES  := $(wildcard tests/bench/*.c)
FUZZERS  := $(wildcard tests/fuzz/*_fuzz.c)
SOURCES  := $(wildcard $(addsuffix /*.[ch],lib/* proto services/* gateway gardenctl tests/*)) tests/test.h
SCRIPTS  := $(wildcard tools/*.sh tools/*/*.sh tests/*.sh tests/*/*.sh) .ci/run

build: $(PROGRAMS:%=$(B)/%)

run: ; @tools/setup.sh build && $(MAKE) --no-print-directory -s -j2 build && exec $(B)/gardenctl up

test: ; @tests/run.sh

docs: build ; @tools/settings-page.sh >docs/settings.md

golden: ; @tools/golden/golden.sh

bench: ; @tests/bench.sh
bench-%: ; @tests/bench.sh $*

# -- programs, tests, benchmarks ------------------------------------------------------------
$(B)/parts.a: $(PARTS:%.c=$(B)/obj/%.o)
$(B)/support.a: $(SUPPORT:%.c=$(B)/obj/%.o)
$(B)/%.a:
	@mkdir -p $(@D) && rm -f $@
	$(AR) rcs $@ $^

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

define LINK
@mkdir -p $(@D)
$(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LDLIBS)
endef
$(SERVICES:%=$(B)/%): $(B)/%: $(B)/obj/services/%/main.o $(B)/parts.a
	$(LINK)
$(B)/gateway $(B)/gardenctl: $(B)/%: $(B)/obj/%/main.o $(B)/parts.a
	$(LINK)
$(B)/tests/%: $(B)/obj/tests/%.o $(B)/support.a $(B)/parts.a
	$(LINK)
# EASE, which they measure themselves against, needs LAPACK.
$(B)/tests/bench/recommender_ranking $(B)/tests/bench/recommender_speed: LDLIBS += -llapack
tests: $(TESTS:%.c=$(B)/%)
benches: $(BENCHES:%.c=$(B)/%)

# -- fuzzing: everything once more, by clang with coverage ------------------------------------
F := build/fuzz
FUZZ_FLAGS := -O1 -g $(WARN) -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FUZZ_SAN = -fsanitize=fuzzer-no-link,address,undefined
# No fuzzer comes to the vector kernels, and under sanitizers clang takes minutes for them.
$(F)/obj/lib/nn/kernels_%.o: FUZZ_SAN :=
fuzzers: $(FUZZERS:tests/fuzz/%.c=$(F)/%)
$(F)/obj/%.o: %.c
	@mkdir -p $(@D)
	clang $(CPPFLAGS) $(FUZZ_FLAGS) $(FUZZ_SAN) -MMD -MP -c -o $@ $<
$(F)/parts.a: $(PARTS:%.c=$(F)/obj/%.o)
	@rm -f $@
	$(AR) rcs $@ $^
$(F)/%: $(F)/obj/tests/fuzz/%.o $(F)/parts.a
	clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(LDLIBS)

# -- lint: a stamp per file, so that only what changed is looked at again ----------------------
TIDY := $(filter %.c,$(SOURCES))
lint:
	@tools/setup.sh lint build
	@tools/check-borders.sh
	@clang-format --dry-run -Werror $(SOURCES)
	@shellcheck $(SCRIPTS)
	@$(MAKE) --no-print-directory -s -k -j2 $(TIDY:%.c=build/lint/%.ok)
build/lint/%.ok: %.c .clang-tidy
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(WARN) -MM -MP -MT $@ -MF build/lint/$*.d $<
	@clang-tidy -quiet $< -- $(CPPFLAGS) $(WARN) 2>build/lint/$*.err || { cat build/lint/$*.err; false; }
	@touch $@

clean:
	rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
.PHONY: build run test docs golden bench lint clean tests benches fuzzers
.SECONDARY:
