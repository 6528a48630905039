/*
 * apps/enclave/device_reports.c - execution of the operator's program for device reports
 * (device_reports.h). It leads a process group of its own, so that nothing it started survives it.
 */
#include "apps/enclave/device_reports.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "enforce/program.h"
#include "quote/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MAX = 160, DIGITS = 2, DEATH_MS = 2000 };

struct run {
    const char *program;
    pid_t pid;
    int out, err; /* our ends; -1: ended */
    size_t said_len;
    char said[SAID_MAX]; /* the beginning of its standard error */
    struct assay_attester_reports *reports;
};

static void close_end(int *fd)
{
    if (*fd >= 0) (void)close(*fd);
    *fd = -1;
}

/* Only calls that are safe between fork and exec. */
_Noreturn static void become_program(const struct run *r, char *const argv[], int out, int err)
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assay_program_become(r->program, argv, path, (const int[3]){ in, out, err });
}

static enum assay_status start_program(struct run *r, char *challenge, char *nonce, char *message)
{
    int out[2] = { -1, -1 }, err[2] = { -1, -1 };
    char program[] = "devices"; /* argv[0] is no path of this machine's */
    char *const argv[] = { program, challenge, nonce, NULL };
    bool runs = pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0 &&
                fcntl(out[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(err[0], F_SETFL, O_NONBLOCK) == 0;
    if (runs) r->pid = fork();
    if (runs && r->pid == 0) become_program(r, argv, out[1], err[1]);
    runs = runs && r->pid > 0;
    const int error = errno;
    close_end(&out[1]);
    close_end(&err[1]);
    r->out = out[0];
    r->err = err[0];
    if (runs) {
        (void)setpgid(r->pid, r->pid); /* by both: the first one counts */
        return ASSAY_OK;
    }
    close_end(&r->out);
    close_end(&r->err);
    assay_source_set_message(message, "evidence.devices: %.160s: %s", r->program, strerror(error));
    return ASSAY_E_IO;
}

/* --- what it writes */
static void read_out(struct run *r)
{
    struct assay_attester_reports *const to = r->reports;
    const size_t room = sizeof to->bytes - to->len;
    if (room == 0) return;
    const ssize_t n = read(r->out, to->bytes + to->len, room);
    if (n > 0) to->len += (size_t)n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR)) close_end(&r->out);
}

/* More than fits is read and dropped, so that it does not wait for us. */
static void read_err(struct run *r)
{
    char rest[256];
    const size_t room = sizeof r->said - r->said_len;
    const ssize_t n =
        read(r->err, room > 0 ? r->said + r->said_len : rest, room > 0 ? room : sizeof rest);
    if (n > 0 && room > 0) r->said_len += (size_t)n;
    else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) close_end(&r->err);
}

/* Until both ends are closed. Returns: ASSAY_OK | ASSAY_E_TIMEOUT | ASSAY_E_RANGE */
static enum assay_status read_program(struct run *r, uint64_t deadline_ms)
{
    while (r->out >= 0 || r->err >= 0) {
        const uint64_t now_ms = assay_monotonic_ms();
        if (now_ms >= deadline_ms) return ASSAY_E_TIMEOUT;
        struct pollfd ends[2] = { { .fd = r->out, .events = POLLIN },
                                  { .fd = r->err, .events = POLLIN } };
        const uint64_t left_ms = deadline_ms - now_ms;
        (void)poll(ends, 2, left_ms < 1000 ? (int)left_ms + 1 : 1000);
        if (r->out >= 0 && ends[0].revents != 0) read_out(r);
        if (r->err >= 0 && ends[1].revents != 0) read_err(r);
        if (r->reports->len > ASSAY_DEVICES_LEN_MAX) return ASSAY_E_RANGE;
    }
    return ASSAY_OK;
}

/* Until it has ended by itself. Returns: ASSAY_OK | ASSAY_E_TIMEOUT */
static enum assay_status wait_program(const struct run *r, uint64_t deadline_ms)
{
    siginfo_t info = { 0 };
    struct timespec pause = { .tv_nsec = 2000000 };
    while (waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0) {
        if (assay_monotonic_is_past(deadline_ms)) return ASSAY_E_TIMEOUT;
        (void)nanosleep(&pause, NULL);
    }
    return ASSAY_OK;
}

/* With its group, and by its own number, since it may have left the group: a leader that has not
 * been reaped keeps that number. One that the kernel does not let die (a driver that hangs, another
 * user) is left to the next run. Returns: what waitpid says; -1: it was not reaped here */
static int end_program(struct run *r)
{
    int how = 0;
    struct timespec pause = { .tv_nsec = 2000000 };
    const uint64_t patience_ms = assay_monotonic_ms() + DEATH_MS;
    (void)kill(-r->pid, SIGKILL);
    (void)kill(r->pid, SIGKILL);
    close_end(&r->out);
    close_end(&r->err);
    pid_t ended = 0;
    while ((ended = waitpid(r->pid, &how, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        if (assay_monotonic_is_past(patience_ms)) break;
        (void)nanosleep(&pause, NULL);
    }
    if (ended == 0) r->reports->left = r->pid;
    return ended == r->pid ? how : -1;
}

/* At most one that cannot be killed: another would hang where it does. */
static enum assay_status reap_left(struct assay_attester_reports *reports, const char *program,
                                   char *message)
{
    if (reports->left == 0 || waitpid(reports->left, NULL, WNOHANG) != 0) {
        reports->left = 0;
        return ASSAY_OK;
    }
    (void)kill(reports->left, SIGKILL);
    assay_source_set_message(message, "evidence.devices: %.100s: process %d was killed and runs on",
                             program, (int)reports->left);
    return ASSAY_E_TIMEOUT;
}

/* Its first line, fit for a log. */
static void quote_said(struct run *r, char text[static SAID_MAX + 1])
{
    size_t len = 0;
    for (size_t i = 0; i < r->said_len && r->said[i] != '\n'; i++)
        text[len++] = (char)(r->said[i] >= 0x20 && r->said[i] < 0x7f ? r->said[i] : '?');
    text[len] = '\0';
}

static enum assay_status report_end(struct run *r, enum assay_status status, int how, char *message)
{
    char said[SAID_MAX + 1];
    const bool has_exited = how >= 0 && WIFEXITED(how);
    quote_said(r, said);
    if (status == ASSAY_E_TIMEOUT)
        assay_source_set_message(message,
                                 "evidence.devices: %.100s: not done within "
                                 "evidence.deadline_ms, and killed; %s",
                                 r->program, said);
    else if (status == ASSAY_E_RANGE)
        assay_source_set_message(message,
                                 "evidence.devices: %.160s: expected at most %d bytes of "
                                 "reports, found more",
                                 r->program, (int)ASSAY_DEVICES_LEN_MAX);
    else if (has_exited && WEXITSTATUS(how) == 0) return ASSAY_OK;
    else
        assay_source_set_message(message, "evidence.devices: %.100s: %s %d, expected status 0: %s",
                                 r->program, has_exited ? "status" : "signal",
                                 has_exited ? WEXITSTATUS(how)
                                 : how >= 0 ? WTERMSIG(how)
                                            : 0,
                                 said);
    return status == ASSAY_OK ? ASSAY_E_IO : status;
}

static enum assay_status check_set(const struct run *r,
                                   const uint8_t challenge[static ASSAY_REPORT_DATA_LEN],
                                   char *message)
{
    struct assay_device_set set;
    enum assay_status status = assay_device_set_read(r->reports->bytes, r->reports->len, &set);
    if (status == ASSAY_OK && !assay_bytes_equal(set.challenge, challenge, ASSAY_REPORT_DATA_LEN))
        status = ASSAY_E_INVALID;
    if (status != ASSAY_OK)
        assay_source_set_message(message,
                                 "evidence.devices: %.100s: expected the reports for the challenge "
                                 "of its first argument, as assay evidence compose writes them, "
                                 "found %zu bytes: %s",
                                 r->program, r->reports->len, assay_status_text(status));
    return status;
}

enum assay_status assay_attester_collect_reports(
    const char *program, const uint8_t challenge[static ASSAY_REPORT_DATA_LEN],
    uint64_t deadline_ms, struct assay_attester_reports *out,
    char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct run r = { .program = program, .pid = -1, .out = -1, .err = -1, .reports = out };
    uint8_t nonce[ASSAY_DEVICE_NONCE_LEN];
    char challenge_text[DIGITS * ASSAY_REPORT_DATA_LEN + 1], nonce_text[DIGITS * sizeof nonce + 1];
    assay_device_nonce(challenge, nonce);
    assay_hex_encode(challenge, ASSAY_REPORT_DATA_LEN, challenge_text, sizeof challenge_text);
    assay_hex_encode(nonce, sizeof nonce, nonce_text, sizeof nonce_text);
    out->len = 0;
    ASSAY_TRY(reap_left(out, program, message));
    ASSAY_TRY(start_program(&r, challenge_text, nonce_text, message));
    enum assay_status status = read_program(&r, deadline_ms);
    if (status == ASSAY_OK) status = wait_program(&r, deadline_ms);
    const int how = end_program(&r);
    ASSAY_TRY(report_end(&r, status, how, message));
    return check_set(&r, challenge, message);
}

/* Returns: the packed set; empty when it has no room even so */
static struct assay_slice pack_set(struct assay_attester_reports *reports)
{
    struct assay_slice packed = { NULL, 0 };
    struct assay_writer w = assay_writer_over(reports->packed, sizeof reports->packed);
    assay_device_set_pack(assay_slice_over(reports->bytes, reports->len), &reports->table, &w);
    assay_status_ignore(assay_writer_finish(&w, &packed), "it travels as it is, or not at all");
    return packed;
}

enum assay_status assay_attester_pack_reports(struct assay_attester_reports *reports,
                                              struct assay_slice plain, bool packs, uint8_t *quote,
                                              size_t capacity, size_t *len,
                                              char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    struct assay_package package;
    struct assay_slice whole;
    struct assay_writer w = assay_writer_over(quote, capacity);
    enum assay_status status = assay_evidence_detect(plain.bytes, plain.len, &kind);
    if (status == ASSAY_OK) status = assay_package_read(kind, plain.bytes, plain.len, &package);
    if (status != ASSAY_OK) {
        assay_source_set_message(message, "evidence of the processor: %s",
                                 assay_status_text(status));
        return status;
    }
    if (packs) package.packed = pack_set(reports);
    if (package.packed.len == 0) package.devices = assay_slice_over(reports->bytes, reports->len);
    if (!assay_package_fits(&package)) {
        assay_source_set_message(message, "evidence.devices: evidence of kind %s takes no devices",
                                 assay_kind_text(kind));
        return ASSAY_E_UNSUPPORTED;
    }
    assay_package_encode(&package, &w);
    status = assay_writer_finish(&w, &whole);
    if (status == ASSAY_OK) *len = whole.len;
    else
        assay_source_set_message(message,
                                 "evidence.devices: %zu bytes of reports%s and %zu of the "
                                 "processor: a network carries %zu bytes together%s",
                                 package.packed.len > 0 ? package.packed.len : reports->len,
                                 package.packed.len > 0 ? ", packed," : "", plain.len, capacity,
                                 packs ? "" : ", more with devices_packed in its policy");
    return status;
}
