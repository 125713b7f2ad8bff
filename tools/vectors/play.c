/*
 * play - play vectors of file sealing on the system underneath, and print TAP.
 *
 *	sealab vectors --plain --kernel 6.18 | ./play
 *
 * Build it with `cc -std=c11 -pthread -o play play.c`; it needs libc and nothing else. The
 * format of its input is described in vectors/doc.go of sealab. Each vector is played by a
 * child of its own, so that descriptors and mappings are new. Tasks that share everything
 * with the main one are threads; those that a fork makes are processes, which do what they
 * are told through a pipe. The exit code is 0 if every result is the expected one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
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

enum { ARGS = 6, NAMES = 64, NAME = 16, LINE = 4096, STEPS = 64, TASKS = 16, TRIES = 5, BUFFER = 1 << 21 };

static char buffer[BUFFER];

/* name is what an earlier call has returned. */
struct name {
	char text[NAME];
	long value;
};

static struct name names[NAMES];
static int named;
static pthread_mutex_t naming = PTHREAD_MUTEX_INITIALIZER;

static void bind(const char *text, long value)
{
	pthread_mutex_lock(&naming);
	if (named == NAMES || strlen(text) >= sizeof names[0].text) {
		fprintf(stderr, "play: no room for the name %s\n", text);
		exit(2);
	}
	strcpy(names[named].text, text);
	names[named++].value = value;
	pthread_mutex_unlock(&naming);
}

static long lookup(const char *text)
{
	long value = -1;
	pthread_mutex_lock(&naming);
	for (int i = 0; i < named; i++)
		if (!strcmp(names[i].text, text))
			value = names[i].value;
	pthread_mutex_unlock(&naming);
	return value;
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

/* What a load or store that ends with a signal returns is -1000 less the signal. */
static _Thread_local sigjmp_buf before;

static void caught(int signal)
{
	siglongjmp(before, signal);
}

static long touch(volatile unsigned char *at, int write, long value)
{
	int signal = sigsetjmp(before, 1);
	if (signal)
		return -1000 - signal;
	if (!write)
		return *at;
	*at = (unsigned char)value;
	return 0;
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
		r = (long)mremap((void *)a[0], (size_t)a[1], (size_t)a[2], (int)a[3], (void *)a[4]);
	else if (!strcmp(name, "madvise"))
		r = madvise((void *)a[0], (size_t)a[1], (int)a[2]);
	else if (!strcmp(name, "kill"))
		r = kill((pid_t)a[0], (int)a[1]);
	else if (!strcmp(name, "load"))
		r = touch((unsigned char *)a[0], 0, 0);
	else if (!strcmp(name, "store"))
		r = touch((unsigned char *)a[0], 1, a[1]);
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
	int fds[2] = {-1, -1}, n = 0, any, open;
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
	any = *word == '+', open = *word == '?';
	want = atol(word);
	word = next(&line);

	began = milliseconds();
	got = call(name, a);
	if (!open && (any ? got < 0 : got != want)) {
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

/* line is a step: whose it is, when it may begin, and what it says. */
struct line {
	char task[NAME]; /* empty for the main task's */
	long at;         /* milliseconds since the vector began */
	char text[LINE];
};

static struct line lines[STEPS];
static long start;

/* child is a task that a fork made: a process that waits to be told which lines to play. */
struct child {
	char task[NAME];
	int ask, answer;
};

static struct child children[TASKS];
static int born;

/* span is lines from first to before last, of one task; ok says whether they went well. */
struct span {
	char task[NAME];
	int first, last, ok;
	pthread_t thread;
};

/* run plays the lines of a span that are its task's. */
static int run(const struct span *s)
{
	for (int i = s->first; i < s->last; i++) {
		if (strcmp(lines[i].task, s->task))
			continue;
		long left = lines[i].at - (milliseconds() - start);
		if (left > 0)
			nanosleep(&(struct timespec){left / 1000, left % 1000 * 1000000}, NULL);
		if (!step(lines[i].text))
			return 0;
	}
	return 1;
}

/* dies says whether a task is to die in one of its calls. */
static int dies(const struct span *s)
{
	for (int i = s->first; i < s->last; i++)
		if (!strcmp(lines[i].task, s->task) && strstr(lines[i].text, "=> ?"))
			return 1;
	return 0;
}

/* perform is run on a thread: by itself, or by asking the child whose lines they are. */
static void *perform(void *arg)
{
	struct span *s = arg;
	for (int i = 0; i < born; i++)
		if (!strcmp(children[i].task, s->task)) {
			s->ok = 0;
			if (write(children[i].ask, s, sizeof *s) == sizeof *s &&
			    read(children[i].answer, &s->ok, sizeof s->ok) == sizeof s->ok)
				return NULL;
			s->ok = dies(s);
			if (!s->ok)
				printf("# task %s is gone\n", s->task);
			return NULL;
		}
	s->ok = run(s);
	return NULL;
}

/* together plays lines of several tasks, each task on a thread of its own. */
static int together(int first, int last)
{
	static struct span spans[TASKS];
	int tasks = 0, ok = 1;
	for (int i = first; i < last; i++) {
		int t = 0;
		while (t < tasks && strcmp(spans[t].task, lines[i].task))
			t++;
		if (t < tasks)
			continue;
		if (tasks == TASKS) {
			fprintf(stderr, "play: more than %d tasks\n", TASKS);
			exit(2);
		}
		spans[tasks] = (struct span){.first = first, .last = last};
		strcpy(spans[tasks++].task, lines[i].task);
	}
	for (int t = 0; t < tasks; t++)
		if (pthread_create(&spans[t].thread, NULL, perform, &spans[t])) {
			perror("play: a thread");
			exit(2);
		}
	for (int t = 0; t < tasks; t++) {
		pthread_join(spans[t].thread, NULL);
		ok = ok && spans[t].ok;
	}
	return ok;
}

/* far opens a pipe with descriptors that are in no vector's way. */
static void far(int fds[2])
{
	int near[2];
	if (pipe(near) < 0) {
		perror("play: a pipe");
		exit(2);
	}
	for (int i = 0; i < 2; i++) {
		fds[i] = fcntl(near[i], F_DUPFD, 900);
		close(near[i]);
	}
}

/* birth forks the process that plays the lines of a task. */
static int birth(char *text)
{
	int ask[2], answer[2];
	char *task = next(&text);
	if (born == TASKS || strlen(task) >= NAME) {
		fprintf(stderr, "play: no room for the task %s\n", task);
		exit(2);
	}
	far(ask);
	far(answer);
	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0) {
		perror("play: fork");
		exit(2);
	}
	if (pid == 0) {
		struct span s;
		close(ask[1]);
		while (read(ask[0], &s, sizeof s) == sizeof s) {
			s.ok = run(&s);
			fflush(stdout);
			if (write(answer[1], &s.ok, sizeof s.ok) < 0)
				break;
		}
		_exit(0);
	}
	close(ask[0]);
	close(answer[1]);
	children[born] = (struct child){.ask = ask[1], .answer = answer[0]};
	strcpy(children[born++].task, task);
	bind(task, pid);
	return 1;
}

/* vector plays the lines of a vector: one after the other, and between two lines of the
 * main task those of all others at once. */
static int vector(int count)
{
	int i = 0, ok = 1;
	start = milliseconds();
	while (ok && i < count) {
		int j = i + 1;
		while (*lines[i].task && j < count && *lines[j].task)
			j++;
		if (*lines[i].task)
			ok = together(i, j);
		else if (strstr(lines[i].text, " fork => "))
			ok = birth(lines[i].text);
		else
			ok = step(lines[i].text);
		i = j;
	}
	return ok;
}

/* timed says whether a vector says when its calls are made. */
static int timed(int count)
{
	for (int i = 0; i < count; i++)
		if (lines[i].at > 0)
			return 1;
	return 0;
}

/* play plays the lines of a vector in a child, and says whether all were as expected. */
static int play(int count)
{
	int status;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
		signal(SIGBUS, caught);
		signal(SIGSEGV, caught);
		int ok = vector(count);
		fflush(stdout);
		_exit(!ok);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		perror("play");
		exit(2);
	}
	if (WIFSIGNALED(status))
		printf("# killed by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* keep takes a line of the input apart: TASK@MS before it, if it is not the main task's. */
static void keep(struct line *l, const char *text)
{
	int n = 0;
	if (sscanf(text, "%15[a-z0-9]@%ld %n", l->task, &l->at, &n) < 2 || !n) {
		*l->task = 0;
		n = 0;
	}
	strcpy(l->text, text + n);
}

/* missing returns what a vector needs and this machine lacks: four free huge pages, or swap. */
static const char *missing(const char *title)
{
	char line[256];
	long pages = 0, swap = 0;
	FILE *f = fopen("/proc/meminfo", "r");
	if (!f)
		return NULL;
	while (fgets(line, sizeof line, f)) {
		sscanf(line, "HugePages_Free: %ld", &pages);
		sscanf(line, "SwapFree: %ld", &swap);
	}
	fclose(f);
	if (strstr(title, " needs huge pages") && pages < 4)
		return "huge pages";
	return strstr(title, " needs swap") && !swap ? "swap" : NULL;
}

int main(void)
{
	static char line[LINE];
	char title[LINE] = "";
	int count = 0, number = 0, failed = 0, total = 0, more;

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
			keep(&lines[count++], line);
			continue;
		}
		if (number && missing(title)) {
			printf("ok %d - %.*s # SKIP no %s\n", number, (int)strcspn(title, " \n"), title, missing(title));
		} else if (number) {
			int ok = play(count);
			for (int try = 1; !ok && try < TRIES && timed(count); try++) {
				printf("# once more: a busy machine may have been late\n");
				ok = play(count);
			}
			failed += !ok;
			printf("%sok %d - %.*s\n", ok ? "" : "not ", number, (int)strcspn(title, " \n"), title);
		}
		number++;
		count = 0;
		if (more)
			strcpy(title, line + 7);
	} while (more);
	return failed != 0;
}
