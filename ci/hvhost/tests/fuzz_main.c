// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a fuzz target without libFuzzer: over the files and folders that are named,
 * then, with -runs=N, over N inputs of random bytes and over N mutations of those
 * files. -seed=S (1): the same seed gives the same inputs.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "../util/util.h"
#include "fuzz.h"

#define FILES_MAX	1024u
#define INPUT_MAX	4096u

static struct {
	uint8_t *data;
	size_t len;
} corpus[FILES_MAX];
static unsigned int files;
static uint64_t random_state = 1;

static uint64_t next_random(void)
{
	/* xorshift64*: good enough, and the same everywhere */
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

/* Exactly as much memory as there is input: the sanitizer sees one byte too far. */
static void run(const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	MUST(exact);
	memcpy(exact, data, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static void run_file(const char *path)
{
	uint8_t *data = malloc(INPUT_MAX);
	FILE *f = fopen(path, "rb");
	size_t len;

	if (!f || !data)
		die_errno("cannot read %s", path);
	len = fread(data, 1, INPUT_MAX, f);
	fclose(f);
	run(data, len);
	if (files == FILES_MAX) {
		free(data);
		return;
	}
	corpus[files].data = data;
	corpus[files++].len = len;
}

static void run_path(const char *path)
{
	struct dirent **entry;
	char name[4096];
	struct stat st;
	int i, n;

	if (stat(path, &st))
		die_errno("cannot find %s", path);
	if (!S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	n = scandir(path, &entry, NULL, alphasort);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, entry[i]->d_name);
		if (entry[i]->d_name[0] != '.')
			run_file(name);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
}

/* Random bytes, of which many are small: lengths and types are. */
static size_t random_input(uint8_t *data)
{
	size_t i, len = next_random() % INPUT_MAX;

	if (next_random() % 2)
		len %= 128;
	for (i = 0; i < len; i++) {
		uint64_t r = next_random();

		data[i] = (uint8_t)(r & 0x300 ? r : r % 16);
	}
	return len;
}

static size_t mutate(uint8_t *data)
{
	unsigned int i, from = (unsigned int)(next_random() % files);
	size_t len = corpus[from].len;

	memcpy(data, corpus[from].data, len);
	for (i = (unsigned int)(next_random() % 8) + 1; i && len; i--)
		data[next_random() % len] = (uint8_t)next_random();
	return next_random() % 4 || !len ? len : next_random() % len;
}

int main(int argc, char **argv)
{
	static uint8_t data[INPUT_MAX];
	unsigned long runs = 0, i;
	int arg;

	for (arg = 1; arg < argc; arg++) {
		if (sscanf(argv[arg], "-runs=%lu", &runs) == 1)
			continue;
		if (sscanf(argv[arg], "-seed=%lu", &i) == 1)
			random_state = i ? i : 1;
		else if (argv[arg][0] != '-')
			run_path(argv[arg]);
	}
	for (i = 0; i < runs; i++) {
		run(data, random_input(data));
		if (files)
			run(data, mutate(data));
	}
	printf("%u files, %lu random inputs\n", files, runs);
	for (i = 0; i < files; i++)
		free(corpus[i].data);
	return 0;
}
