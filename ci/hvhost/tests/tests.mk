# SPDX-License-Identifier: GPL-2.0-only
#
# Included by ../Makefile.
#
#   make test            unit tests (tests/test_*.c, cmocka), with ASan and UBSan
#   make fuzz            tests/fuzz_*.c with libFuzzer: CC=clang
#   make fuzz-plain      the same as plain programs, over files and fixed random bytes
#
# Programs link with an archive of everything but main(): a test that defines a
# function itself (guest_ptr() over an array, say) keeps what the archive has out.

TESTS		:= $(patsubst tests/%.c,%,$(wildcard tests/test_*.c))
FUZZERS		:= $(patsubst tests/%.c,%,$(wildcard tests/fuzz_*.c))
FUZZERS		:= $(filter-out fuzz_main,$(FUZZERS))
TEST_PROGS	:= $(TESTS:%=$(O)/tests/%)
FUZZ_PROGS	:= $(FUZZERS:%=$(O)/fuzz/%)
PLAIN_PROGS	:= $(FUZZERS:%=$(O)/fuzz-plain/%)
FUZZ_FLAGS	:= $(ASAN) -fsanitize=fuzzer-no-link
FUZZ_LIB_OBJS	:= $(ASAN_LIB_OBJS:$(O)/asan/%=$(O)/fuzz/obj/%)

$(O)/asan/lib.a: $(ASAN_LIB_OBJS)
	@rm -f $@
	$(AR) rcsP $@ $^

$(O)/fuzz/lib.a: $(FUZZ_LIB_OBJS)
	@rm -f $@
	$(AR) rcsP $@ $^

$(O)/fuzz/obj/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(CC) $(BUILD_CFLAGS) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

$(O)/fuzz/obj/machine/acpi.o: $(O)/dsdt.hex

$(TEST_PROGS): $(O)/tests/%: $(O)/asan/tests/%.o $(O)/asan/lib.a
	@mkdir -p $(@D)
	$(CC) $(BUILD_CFLAGS) $(ASAN) -o $@ $^ -lcmocka

$(FUZZ_PROGS): $(O)/fuzz/%: $(O)/fuzz/obj/tests/%.o $(O)/fuzz/lib.a
	$(CC) $(BUILD_CFLAGS) $(ASAN) -fsanitize=fuzzer -o $@ $^

$(PLAIN_PROGS): $(O)/fuzz-plain/%: $(O)/asan/tests/%.o $(O)/asan/tests/fuzz_main.o $(O)/asan/lib.a
	@mkdir -p $(@D)
	$(CC) $(BUILD_CFLAGS) $(ASAN) -o $@ $^

tests: $(TEST_PROGS)
fuzz: $(FUZZ_PROGS)
fuzz-plain: $(PLAIN_PROGS)
test-names:
	@echo $(TESTS)
fuzz-names:
	@echo $(FUZZERS)

test: tests
	@bad=0; for t in $(TEST_PROGS); do echo "== $$t"; $$t || bad=1; done; exit $$bad

.PHONY: tests fuzz fuzz-plain test-names fuzz-names
# make would delete these as by-products of pattern rules.
.SECONDARY: $(TESTS:%=$(O)/asan/tests/%.o) $(FUZZERS:%=$(O)/asan/tests/%.o) \
	$(FUZZERS:%=$(O)/fuzz/obj/tests/%.o) $(O)/asan/tests/fuzz_main.o

-include $(wildcard $(O)/asan/tests/*.d $(O)/fuzz/obj/*.d $(O)/fuzz/obj/*/*.d \
	$(O)/fuzz/obj/*/*/*.d)
