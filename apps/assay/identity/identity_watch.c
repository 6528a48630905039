/*
 * apps/assay/identity/identity_watch.c - requests of `assay identity fetch`, renewal, and reports
 * of what hinders it (docs/identity.md 11.2, 11.5).
 */
#include "apps/assay/identity/identity_fetch.h"

#include "apps/assay/core/command.h"
#include "apps/client.h"
#include "base/rfc3339.h"
#include "base/system_clock.h"
#include "quote/yaml/document.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BOOT_POLL_S = 5,     /* between looks whether the enclave has restarted */
    RETRY_MAX_S = 60,    /* between requests that fail */
    REPORT_S = 60,       /* between reports that they fail */
    SIGNING_S = 10,      /* that holders may take until it is a failure of this node */
    BUNDLE_POLL_S = 300, /* between proofs of the CA certificates: as a SPIFFE bundle says */
    WAITING = -1,        /* in the place of an enum assay_exit: the answer may pass */
};

/* ------------------------------------------------------------ reports of failures */

static int64_t unix_s(void)
{
    return (int64_t)(assay_unix_ms() / 1000);
}

static const char *product_of(const struct cli_identity_fetch *f)
{
    return f->token_name != NULL ? "token" : "certificate";
}

/* The last line before the gap. */
static void report_expiry(const struct cli_identity_fetch *f)
{
    struct cli_identity_report *const r = f->report;
    char ends[ASSAY_RFC3339_LEN + 1];
    if (r->not_after_s == 0 || r->has_expired || unix_s() < r->not_after_s) return;
    r->has_expired = true;
    assay_rfc3339_format(r->not_after_s, ends);
    (void)fprintf(stderr, "assay identity fetch: %s: the %s EXPIRED at %s: %s\n", f->name,
                  product_of(f), ends, r->why[0] != '\0' ? r->why : "it was not renewed in time");
}

void cli_identity_report_failure(const struct cli_identity_fetch *f, const char *why)
{
    struct cli_identity_report *const r = f->report;
    const uint64_t now_ms = assay_monotonic_ms();
    const int64_t left_s = r->not_after_s - unix_s();
    (void)snprintf(r->why, sizeof r->why, "%s", why);
    report_expiry(f);
    if (r->has_failed && now_ms - r->failed_ms < (uint64_t)REPORT_S * 1000) return;
    r->has_failed = true;
    r->failed_ms = now_ms;
    if (r->not_after_s == 0)
        (void)fprintf(stderr, "assay identity fetch: %s: no %s yet: %s\n", f->name, product_of(f),
                      why);
    else
        (void)fprintf(stderr,
                      "assay identity fetch: %s: the %s is not renewed (%s %" PRId64 " s%s): %s\n",
                      f->name, product_of(f), left_s > 0 ? "valid for" : "expired",
                      left_s > 0 ? left_s : -left_s, left_s > 0 ? " more" : " ago", why);
}

static const char *node_of(const struct cli_identity_fetch *f)
{
    return f->node.http != NULL ? f->node.http : f->node.socket;
}

int cli_identity_fail_node(const struct cli_identity_fetch *f, int exit, const char *format, ...)
{
    char *const fault = f->report->node_fault;
    const size_t size = sizeof f->report->node_fault;
    const int len = snprintf(fault, size, "%.200s: ", node_of(f));
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(fault + len, size - (size_t)len, format, arguments);
    va_end(arguments);
    assay_yaml_sanitize(fault); /* it has words of the node */
    return exit;
}

static void report_success(const struct cli_identity_fetch *f)
{
    struct cli_identity_report *const r = f->report;
    r->not_after_s = f->svid->not_after_s;
    r->has_failed = r->has_expired = false;
    r->why[0] = '\0';
}

static void sleep_s(uint64_t seconds)
{
    struct timespec left = { .tv_sec = (time_t)seconds };
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* What expires meanwhile is reported when it does. */
static void pause_s(const struct cli_identity_fetch *f, uint64_t seconds)
{
    const int64_t left_s = f->report->not_after_s - unix_s();
    if (f->is_watching && !f->report->has_expired && f->report->not_after_s != 0 &&
        left_s < (int64_t)seconds) {
        const uint64_t first_s = left_s > 0 ? (uint64_t)left_s : 0;
        sleep_s(first_s);
        report_expiry(f);
        seconds -= first_s;
    }
    sleep_s(seconds);
}

/* ------------------------------------------------------------ requests */

/* The next address of --http, the first one after the last. */
static void use_next_node(struct cli_identity_fetch *f)
{
    if (f->http_count < 2) return;
    f->http_index = (f->http_index + 1) % f->http_count;
    f->node.http = f->http[f->http_index];
}

/* What the node issued, or (cli_identity_renew_authorities) what is in place. */
typedef int use_fn(struct cli_identity_fetch *f, const struct cli_identity_trust *trust,
                   bool *is_new);

static int use_set(struct cli_identity_fetch *f, use_fn *use,
                   const struct cli_identity_trust *trust, bool *is_new)
{
    bool was_due = false;
    *is_new = false;
    int exit = cli_identity_hook_set_due(f, &was_due);
    if (exit == ASSAY_EXIT_OK) exit = use(f, trust, is_new);
    if (f->hook != NULL && !was_due && !*is_new) cli_identity_hook_clear(f);
    return exit;
}

/* The file is read, or the authority proven, each time: there may be another CA number. */
static int use_issued(struct cli_identity_fetch *f)
{
    use_fn *const use =
        f->token_name != NULL ? cli_identity_use_token : cli_identity_use_certificate;
    struct cli_identity_trust trust;
    bool is_new = false;
    int exit =
        f->ca != NULL ? cli_identity_trust_read(f, &trust) : cli_identity_trust_prove(f, &trust);
    if (exit == ASSAY_EXIT_OK) exit = use_set(f, use, &trust, &is_new);
    free(trust.bytes);
    if (exit != ASSAY_EXIT_OK) return exit;
    if (!is_new) use_next_node(f); /* this one may be behind */
    report_success(f);
    exit = cli_identity_hook_is_due(f) ? cli_identity_hook_run(f) : ASSAY_EXIT_OK;
    const int reported = cli_identity_report_set(f, is_new);
    return exit != ASSAY_EXIT_OK ? exit : reported;
}

/* With --watch no longer than what is there is valid. */
static uint64_t wait_limit_s(const struct cli_identity_fetch *f)
{
    const int64_t left_s = f->report->not_after_s - unix_s();
    return left_s > 0 && (uint64_t)left_s < f->wait_s ? (uint64_t)left_s : f->wait_s;
}

/* A node may answer each request late and in time: of what is left it has its part, so
 * that the others are requested before the end. In: failures: nodes that had theirs */
static void limit_node(struct cli_identity_fetch *f, uint64_t deadline_ms, size_t failures)
{
    const uint64_t now_ms = assay_monotonic_ms();
    const size_t nodes = f->http_count > failures ? f->http_count - failures : 1;
    const uint64_t left_ms = deadline_ms > now_ms ? (deadline_ms - now_ms) / nodes : 0;
    f->node.until_ms =
        now_ms + (left_ms > ASSAY_CLIENT_TIMEOUT_MS ? left_ms : ASSAY_CLIENT_TIMEOUT_MS);
}

/* Of one wait: since when holders are at work, and why the newest attempt of theirs failed. */
struct attempts {
    uint64_t since_ms; /* 0: no node has requested it of holders yet */
    char refusal[CLI_IDENTITY_MESSAGE_LEN];
};

static void note_attempt(struct attempts *a, const struct cli_identity_issued *issued,
                         uint64_t now_ms)
{
    if (!issued->is_signing && !issued->is_few) return;
    if (a->since_ms == 0) a->since_ms = now_ms;
    if (issued->is_few) (void)snprintf(a->refusal, sizeof a->refusal, "%s", issued->message);
}

/* That holders are at work is no reason by itself: the last refusal is. */
static int fail_timeout(const struct cli_identity_fetch *f, const struct attempts *a,
                        uint64_t limit_s, uint64_t now_ms)
{
    char work[80];
    const char *why = f->issued.message;
    if (f->issued.is_signing || f->issued.is_few) {
        (void)snprintf(work, sizeof work,
                       "the holders of the key have been at work for %" PRIu64 " s",
                       (now_ms - a->since_ms) / 1000);
        why = work;
    }
    return cli_identity_fail(f, ASSAY_EXIT_TIMEOUT, "no %s within %" PRIu64 " s: %s: %s%s%s",
                             product_of(f), limit_s, node_of(f), why,
                             a->refusal[0] != '\0' ? "; last refusal: " : "", a->refusal);
}

/* An answer that may pass. Another node is requested, unless holders began to sign just now. Out:
 * *signing_ms: since when; 0: not */
static void on_wait(struct cli_identity_fetch *f, uint64_t now_ms, uint64_t *signing_ms)
{
    if (!f->issued.is_signing) *signing_ms = 0;
    else if (*signing_ms == 0) *signing_ms = now_ms;
    if (f->issued.is_signing && now_ms - *signing_ms < (uint64_t)SIGNING_S * 1000) return;
    if (f->is_watching) {
        (void)cli_identity_fail_node(f, 0, "%s", f->issued.message);
        cli_identity_report_failure(f, f->report->node_fault);
    }
    *signing_ms = 0;
    use_next_node(f);
}

/* Of one node: another reason at once, the same one once in REPORT_S (docs/identity.md 11.5). */
static void report_node_fault(const struct cli_identity_fetch *f)
{
    struct cli_identity_node_report *const n = &f->report->node[f->http_index];
    const uint64_t now_ms = assay_monotonic_ms();
    if (strcmp(n->why, f->report->node_fault) == 0 && now_ms - n->at_ms < (uint64_t)REPORT_S * 1000)
        return;
    n->at_ms = now_ms;
    (void)snprintf(n->why, sizeof n->why, "%s", f->report->node_fault);
    (void)fprintf(stderr, "assay identity fetch: %s: %s; the next node is requested\n", f->name,
                  f->report->node_fault);
}

/* The node that was requested does not serve, and another one is left. */
static void on_node_fault(struct cli_identity_fetch *f)
{
    if (f->is_watching) cli_identity_report_failure(f, f->report->node_fault);
    else report_node_fault(f);
    use_next_node(f);
}

static void pause_until(const struct cli_identity_fetch *f, uint64_t now_ms, uint64_t deadline_ms)
{
    uint64_t wait_s = f->issued.retry_after_s;
    if (wait_s < 1) wait_s = 1;
    if (wait_s > RETRY_MAX_S) wait_s = RETRY_MAX_S;
    const uint64_t left_s = (deadline_ms - now_ms + 999) / 1000;
    pause_s(f, wait_s < left_s ? wait_s : left_s);
}

/* One request of one node. Returns: an enum assay_exit, of a failure of the node with
 * report->node_fault | WAITING */
static int request_once(struct cli_identity_fetch *f)
{
    char member[65];
    const struct cli_identity_wanted wanted = { .member = member,
                                                .name = f->name,
                                                .audience = f->audience };
    f->report->node_fault[0] = '\0';
    const int exit = cli_identity_register(f);
    if (exit != ASSAY_EXIT_OK) return exit;
    assay_hex_encode(f->node_id, 32, member, sizeof member);
    const enum cli_identity_answer answer = cli_identity_request(&f->node, &wanted, &f->issued);
    if (answer == CLI_IDENTITY_WAIT) return WAITING;
    if (answer == CLI_IDENTITY_ISSUED) return use_issued(f);
    return cli_identity_fail_node(
        f, answer == CLI_IDENTITY_REFUSED ? ASSAY_EXIT_DENIED : ASSAY_EXIT_UNREACHABLE, "%s",
        f->issued.message);
}

int cli_identity_fetch_once(struct cli_identity_fetch *f)
{
    const uint64_t limit_s = wait_limit_s(f);
    const uint64_t deadline_ms = assay_monotonic_ms() + limit_s * 1000;
    struct attempts attempts = { .since_ms = 0 };
    uint64_t signing_ms = 0;
    size_t failures = 0; /* of one node after the other */
    for (;;) {
        limit_node(f, deadline_ms, failures);
        const int exit = request_once(f);
        if (exit != WAITING) {
            if (f->report->node_fault[0] == '\0') return exit;
            if (++failures >= f->http_count)
                return cli_identity_fail(f, exit, "%s", f->report->node_fault);
            on_node_fault(f);
            continue;
        }
        failures = 0;
        const uint64_t now_ms = assay_monotonic_ms();
        note_attempt(&attempts, &f->issued, now_ms);
        if (now_ms >= deadline_ms) return fail_timeout(f, &attempts, limit_s, now_ms);
        on_wait(f, now_ms, &signing_ms);
        pause_until(f, now_ms, deadline_ms);
    }
}

/* ------------------------------------------------------------ renewal */

/* Returns: seconds until there is something to do, at least 1 */
static uint64_t next_pause_s(const struct cli_identity_fetch *f, int64_t left_s)
{
    const uint64_t now_ms = assay_monotonic_ms(), due_ms = f->report->hook_due_ms;
    uint64_t pause = left_s > 0 && left_s < BOOT_POLL_S ? (uint64_t)left_s : BOOT_POLL_S;
    if (cli_identity_hook_is_due(f) && due_ms < now_ms + pause * 1000)
        pause = due_ms > now_ms ? (due_ms - now_ms + 999) / 1000 : 1;
    return pause;
}

static void retry_hook(const struct cli_identity_fetch *f)
{
    if (cli_identity_hook_is_due(f) && assay_monotonic_ms() >= f->report->hook_due_ms)
        (void)cli_identity_hook_run(f); /* a failure is reported, and tried again */
}

/* A proof of one node after the other. Returns: an enum assay_exit; trust->bytes is set in any case
 */
static int prove_again(struct cli_identity_fetch *f, struct cli_identity_trust *trust)
{
    const uint64_t deadline_ms = assay_monotonic_ms() + wait_limit_s(f) * 1000;
    size_t failures = 0;
    for (;;) {
        f->report->node_fault[0] = '\0';
        limit_node(f, deadline_ms, failures);
        const int exit = cli_identity_trust_prove(f, trust);
        if (exit == ASSAY_EXIT_OK || f->report->node_fault[0] == '\0') return exit;
        use_next_node(f);
        if (++failures >= f->http_count)
            return cli_identity_fail(f, exit, "the CA certificates are not proven again: %s",
                                     f->report->node_fault);
        free(trust->bytes);
    }
}

/* A new CA number signs before the certificate in place expires. Out: *due_ms: of the next proof.
 * Returns: whether what is in place still verifies */
static bool refresh_authorities(struct cli_identity_fetch *f, uint64_t *due_ms)
{
    struct cli_identity_trust trust;
    bool is_new = false;
    int exit = prove_again(f, &trust);
    if (exit == ASSAY_EXIT_OK) exit = use_set(f, cli_identity_renew_authorities, &trust, &is_new);
    free(trust.bytes);
    if (exit == ASSAY_EXIT_CONTRAINDICATED) {
        (void)cli_identity_fail(f, exit, "what is in place is renewed at once: %s",
                                f->report->node_fault);
        return false;
    }
    *due_ms = assay_monotonic_ms() +
              (uint64_t)(exit == ASSAY_EXIT_OK ? BUNDLE_POLL_S : RETRY_MAX_S) * 1000;
    if (exit != ASSAY_EXIT_OK) return true; /* reported */
    report_success(f);
    if (cli_identity_hook_is_due(f)) (void)cli_identity_hook_run(f);
    if (is_new) (void)cli_identity_report_set(f, true);
    return true;
}

/* Until half of the validity has passed by either clock, and once at least: a node may return the
 * same certificate for the rest of an epoch. A date that is set back delays nothing. */
static void wait_for_renewal(struct cli_identity_fetch *f)
{
    const int64_t renew_s = f->svid->issued_s + (f->svid->not_after_s - f->svid->issued_s) / 2;
    const uint64_t start_ms = assay_monotonic_ms();
    const bool is_proven = f->ca == NULL && f->token_name == NULL;
    uint64_t due_ms = start_ms + (uint64_t)BUNDLE_POLL_S * 1000;
    int64_t now_s = unix_s();
    const uint64_t renew_ms = start_ms + (renew_s > now_s ? (uint64_t)(renew_s - now_s) * 1000 : 0);
    do {
        pause_s(f, next_pause_s(f, renew_s - now_s));
        retry_hook(f);
        (void)cli_identity_register(f); /* a failure is reported, and tried again */
        if (is_proven && assay_monotonic_ms() >= due_ms && !refresh_authorities(f, &due_ms)) return;
        now_s = unix_s();
    } while (now_s < renew_s && assay_monotonic_ms() < renew_ms);
}

/* After a failure less and less often. */
_Noreturn void cli_identity_watch(struct cli_identity_fetch *f)
{
    uint64_t retry_s = 1;
    for (;;) {
        const int exit = cli_identity_fetch_once(f);
        if (exit != ASSAY_EXIT_OK && exit != ASSAY_EXIT_PARTIAL) {
            use_next_node(f);
            pause_s(f, retry_s);
            retry_hook(f);
            retry_s = 2 * retry_s < RETRY_MAX_S ? 2 * retry_s : RETRY_MAX_S;
            continue;
        }
        retry_s = 1;
        wait_for_renewal(f);
    }
}
