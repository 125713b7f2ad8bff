/*
 * play - play vectors of file sealing on the system underneath, and print TAP.
 *
 *	sealab vectors --plain --kernel 6.18 | ./play
 *
 * Build it with `cc -o play play.c`; it needs libc and nothing else. The format of its
 * input is described in vectors/doc.go of sealab. Each vector is played by a child of its
 * own, so that descriptors and mappings are new. The exit code is 0 if every result is the
 * expected one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ARGS = 6, NAMES = 32, LINE = 4096, BUFFER = 1 << 20 };

static char buffer[BUFFER];

/* name is what an earlier call has returned. */
struct name {
	char text[16];
	long value;
};

static struct name names[NAMES];
static int named;

static void bind(const char *text, long value)
{
	if (named == NAMES || strlen(text) >= sizeof names[0].text) {
		fprintf(stderr, "play: no room for the name %s\n", text);
		exit(2);
	}
	strcpy(names[named].text, text);
	names[named++].value = value;
}

static long lookup(const char *text)
{
	for (int i = named - 1; i >= 0; i--)
		if (!strcmp(names[i].text, text))
			return names[i].value;
	return -1;
}

/* unquote takes the quotes from a word, in place; only \" and \\ are escaped. */
static char *unquote(char *word)
{
	char *to = word, *from = word + 1;
	while (*from && *from != '"') {
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from++;
	}
	*to = 0;
	return word;
}

/* next returns the next word of a line and cuts it off; a word in quotes may have spaces. */
static char *next(char **line)
{
	char *s = *line + strspn(*line, " \n"), *e = s;
	if (!*s)
		return NULL;
	if (*s == '"')
		for (e = s + 1; *e && *e != '"'; e++)
			if (*e == '\\' && e[1])
				e++;
	e += strcspn(e, " \n");
	*line = *e ? e + 1 : e;
	*e = 0;
	return s;
}

/* call makes the call of that name, and returns its result or minus its error number. */
static long call(const char *name, long a[ARGS])
{
	long r;
	errno = 0;
	if (!strcmp(name, "memfd_create"))
		r = syscall(SYS_memfd_create, (char *)a[0], (unsigned)a[1]);
	else if (!strcmp(name, "fcntl"))
		r = syscall(SYS_fcntl, (int)a[0], (int)a[1], a[2]);
	else if (!strcmp(name, "ftruncate"))
		r = ftruncate((int)a[0], a[1]);
	else if (!strcmp(name, "fallocate"))
		r = fallocate((int)a[0], (int)a[1], a[2], a[3]);
	else if (!strcmp(name, "fchmod"))
		r = fchmod((int)a[0], (mode_t)a[1]);
	else if (!strcmp(name, "lseek"))
		r = lseek((int)a[0], a[1], (int)a[2]);
	else if (!strcmp(name, "read"))
		r = read((int)a[0], (void *)a[1], (size_t)a[2]);
	else if (!strcmp(name, "write"))
		r = write((int)a[0], (void *)a[1], (size_t)a[2]);
	else if (!strcmp(name, "pread64"))
		r = pread((int)a[0], (void *)a[1], (size_t)a[2], a[3]);
	else if (!strcmp(name, "pwrite64"))
		r = pwrite((int)a[0], (void *)a[1], (size_t)a[2], a[3]);
	else if (!strcmp(name, "openat"))
		r = openat((int)a[0], (char *)a[1], (int)a[2], (mode_t)a[3]);
	else if (!strcmp(name, "dup"))
		r = dup((int)a[0]);
	else if (!strcmp(name, "close"))
		r = close((int)a[0]);
	else if (!strcmp(name, "pipe2"))
		r = pipe2((int *)a[0], (int)a[1]);
	else if (!strcmp(name, "splice"))
		r = splice((int)a[0], (off_t *)a[1], (int)a[2], (off_t *)a[3], (size_t)a[4], (unsigned)a[5]);
	else if (!strcmp(name, "tee"))
		r = tee((int)a[0], (int)a[1], (size_t)a[2], (unsigned)a[3]);
	else if (!strcmp(name, "vmsplice"))
		r = vmsplice((int)a[0], (struct iovec *)a[1], (size_t)a[2], (unsigned)a[3]);
	else if (!strcmp(name, "sendfile"))
		r = sendfile((int)a[0], (int)a[1], (off_t *)a[2], (size_t)a[3]);
	else if (!strcmp(name, "mmap"))
		r = (long)mmap((void *)a[0], (size_t)a[1], (int)a[2], (int)a[3], (int)a[4], a[5]);
	else if (!strcmp(name, "munmap"))
		r = munmap((void *)a[0], (size_t)a[1]);
	else if (!strcmp(name, "mprotect"))
		r = mprotect((void *)a[0], (size_t)a[1], (int)a[2]);
	else if (!strcmp(name, "mremap"))
		r = (long)mremap((void *)a[0], (size_t)a[1], (size_t)a[2], (int)a[3]);
	else if (!strcmp(name, "madvise"))
		r = madvise((void *)a[0], (size_t)a[1], (int)a[2]);
	else {
		fprintf(stderr, "play: no call %s\n", name);
		exit(2);
	}
	return r == -1 && errno ? -errno : r;
}

static long milliseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* step plays one line, and says whether the result is the expected one. */
static int step(char *line)
{
	char shown[LINE];
	struct iovec vectors[ARGS];
	long a[ARGS] = {0}, offsets[ARGS], want, got, began;
	int fds[2] = {-1, -1}, n = 0, any = 0;
	char *binds, *name, *word;

	snprintf(shown, sizeof shown, "%.*s", (int)strcspn(line, "\n"), line);
	binds = next(&line);
	name = next(&line);
	while ((word = next(&line)) && strcmp(word, "=>")) {
		if (n == ARGS) {
			fprintf(stderr, "play: too many arguments: %s\n", shown);
			exit(2);
		}
		switch (*word) {
		case '$': a[n] = lookup(word + 1); break;
		case '"': a[n] = (long)unquote(word); break;
		case '@': a[n] = (long)buffer; break;
		case '!': a[n] = (long)fds; break;
		case '&': offsets[n] = atol(word + 1); a[n] = (long)&offsets[n]; break;
		case '%':
			vectors[n].iov_base = (void *)strtol(word + 1, &word, 10);
			vectors[n].iov_len = (size_t)strtol(word + 1, NULL, 10);
			a[n] = (long)&vectors[n];
			break;
		default:  a[n] = strtol(word, NULL, 10);
		}
		n++;
	}
	word = next(&line);
	if (!name || !word) {
		fprintf(stderr, "play: not a step: %s\n", shown);
		exit(2);
	}
	any = *word == '+';
	want = atol(word);
	word = next(&line);

	began = milliseconds();
	got = call(name, a);
	if (any ? got < 0 : got != want) {
		printf("# %s\n# but the result is %ld%s%s\n", shown, got, got < 0 && got > -4096 ? ": " : "",
		       got < 0 && got > -4096 ? strerror((int)-got) : "");
		return 0;
	}
	if (word && milliseconds() - began < atol(word) * 4 / 5) {
		printf("# %s\n# but it took only %ld ms\n", shown, milliseconds() - began);
		return 0;
	}
	if ((word = strchr(binds, ','))) {
		*word = 0;
		bind(binds, fds[0]);
		bind(word + 1, fds[1]);
	} else if (strcmp(binds, "-")) {
		bind(binds, got);
	}
	return 1;
}

/* play plays the lines of a vector in a child, and says whether all were as expected. */
static int play(char lines[][LINE], int count)
{
	int status;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
		for (int i = 0; i < count; i++)
			if (!step(lines[i])) {
				fflush(stdout);
				_exit(1);
			}
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		perror("play");
		exit(2);
	}
	if (WIFSIGNALED(status))
		printf("# killed by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* missing says whether this machine lacks what a vector needs: four free huge pages. */
static int missing(const char *title)
{
	char line[256];
	long pages = 0;
	FILE *f;
	if (!strstr(title, " needs huge pages") || !(f = fopen("/proc/meminfo", "r")))
		return 0;
	while (fgets(line, sizeof line, f))
		sscanf(line, "HugePages_Free: %ld", &pages);
	fclose(f);
	return pages < 4;
}

int main(void)
{
	enum { STEPS = 64 };
	static char lines[STEPS][LINE], line[LINE];
	char title[LINE] = "";
	int count = 0, vector = 0, failed = 0, total = 0, more;

	if (!fgets(line, sizeof line, stdin) || sscanf(line, "vectors %d", &total) != 1) {
		fprintf(stderr, "play: the input does not begin with \"vectors N\"\n");
		return 2;
	}
	printf("TAP version 13\n1..%d\n", total);
	do {
		more = fgets(line, sizeof line, stdin) != NULL;
		if (more && strncmp(line, "vector ", 7)) {
			if (count == STEPS) {
				fprintf(stderr, "play: a vector of more than %d steps\n", STEPS);
				return 2;
			}
			strcpy(lines[count++], line);
			continue;
		}
		if (vector && missing(title)) {
			printf("ok %d - %.*s # SKIP no huge pages\n", vector, (int)strcspn(title, " \n"), title);
		} else if (vector) {
			int ok = play(lines, count);
			failed += !ok;
			printf("%sok %d - %s", ok ? "" : "not ", vector, title);
		}
		vector++;
		count = 0;
		if (more)
			strcpy(title, line + 7);
	} while (more);
	return failed != 0;
}
