# make run     install what is missing, build, start the garden in the foreground
# make test    everything a change has to pass, set-up included
# make bench   measure; make bench-NAME one group       make lint   format, tidy, borders
# make build   the programs, in build/                  make clean  forget what was built
# SAN=address,undefined builds into a folder of its own under sanitizers.

.DEFAULT_GOAL := build
ifeq ($(origin CC),default)
CC := gcc
endif
CFLAGS   ?= -O2 -g
CFLAGS   += -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Werror -MMD -MP
CPPFLAGS += -I. -D_GNU_SOURCE -include lib/base/poison.h
LDLIBS   += -lrdkafka -lmicrohttpd -lcurl -ljansson -lsqlite3 -lpq -lcrypto -ljpeg -lpng \
            -lwebp -lwebpdemux -lpthread -lm
CPPFLAGS += -I/usr/include/postgresql
ifdef SAN
CFLAGS  += -fsanitize=$(SAN) -fno-omit-frame-pointer
LDFLAGS += -fsanitize=$(SAN)
endif

B := build$(if $(SAN),/$(subst $(comma),-,$(SAN)))
comma := ,

PROGRAMS := gateway gardenctl $(patsubst services/%/main.c,%,$(wildcard services/*/main.c))
LIBRARY  := $(wildcard lib/*/*.c proto/*.c services/common/*.c)
TESTS    := $(wildcard tests/unit/*_test.c tests/contract/*_test.c)
sources_of = $(filter-out %/main.c,$(wildcard $(1)/*.c))
ALL_PARTS := $(LIBRARY) $(call sources_of,gateway) $(call sources_of,gardenctl) \
             $(filter-out services/common/%,$(call sources_of,services/*))

build: $(PROGRAMS:%=$(B)/%)

$(B)/parts.a: $(ALL_PARTS:%.c=$(B)/obj/%.o)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/gateway: $(B)/obj/gateway/main.o $(B)/parts.a
$(B)/gardenctl: $(B)/obj/gardenctl/main.o $(B)/parts.a
$(foreach s,$(filter-out gateway gardenctl,$(PROGRAMS)),$(eval $(B)/$(s): $(B)/obj/services/$(s)/main.o $(B)/parts.a))
$(PROGRAMS:%=$(B)/%):
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/tests/%: $(B)/obj/tests/%.o $(B)/parts.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

clean:
	rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
.PHONY: build clean
.SECONDARY:
