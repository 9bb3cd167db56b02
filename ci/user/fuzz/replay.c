// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a fuzz target over the files that are named; output is KTAP, as that of
 * the suites.  A file that makes the target fail ends the program.
 */
#include "fuzz.h"

#define INPUT_MAX	65536

static bool replay(const char *name)
{
	static u8 buf[INPUT_MAX];
	FILE *file = fopen(name, "rb");
	size_t len;
	u8 *copy;

	if (!file)
		return false;
	len = fread(buf, 1, sizeof(buf), file);
	fclose(file);
	copy = malloc(len ? len : 1);
	MUST(copy);
	if (len)
		memcpy(copy, buf, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	return true;
}

int main(int argc, char **argv)
{
	int i, failed = 0;

	for (i = 1; i < argc; i++) {
		if (replay(argv[i]))
			continue;
		printf("    not ok %d - %s: can't be read\n", i, argv[i]);
		failed++;
	}
	printf("# passed %d failed %d skipped 0\n", argc - 1 - failed, failed);
	return failed || argc == 1;
}
