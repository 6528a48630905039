/*
 * apps/assay/services/task_run.c - `assay task run`: requestor of an attested task
 * (docs/services.md 6.12: requestor).
 *
 * DIR has a vault with the task and its results (task.store, sealed under a key derived from the
 * account's), the task's name (task.id), and state and output of each step as files. A result is in
 * the vault before the next payment, and its files are restored from there, so the same command
 * resumes wherever it was killed.
 */
#include "apps/assay/services/task.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/result_json.h"
#include "apps/sim/commands/progress.h"
#include "base/system_clock.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TURN_MS = 200,
    AHEAD_EPOCHS = 1440,
    NAME_ROOM = 32, /* below DIR */
};

void task_say(const char *format, ...)
{
    va_list args;
    (void)fputs("assay task: ", stderr);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

/* ------------------------------------------------------------ files of DIR */

static const char *format_path(const struct task_running *r, const char *name)
{
    static char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", r->d->out, name);
    return path;
}

static void write_file(struct task_running *r, const char *name, struct assay_slice bytes)
{
    const char *const path = format_path(r, name);
    if (assay_file_replace(path, ASSAY_FILE_SECRET, bytes) == ASSAY_OK) return;
    if (!r->lost) task_say("%s: cannot be written: %s", path, strerror(errno));
    r->lost = true;
}

static void keep_result(void *context, uint32_t step, struct assay_slice state,
                        struct assay_slice output)
{
    struct task_running *const r = context;
    char name[NAME_ROOM];
    (void)snprintf(name, sizeof name, "step-%05u.state", step);
    write_file(r, name, state);
    (void)snprintf(name, sizeof name, "step-%05u.output", step);
    write_file(r, name, output);
}

/* Of a run that was killed between the vault and the files. The output comes last. */
static void keep_missing(void *context, uint32_t step, struct assay_slice state,
                         struct assay_slice output)
{
    char name[NAME_ROOM];
    (void)snprintf(name, sizeof name, "step-%05u.output", step);
    if (access(format_path(context, name), F_OK) != 0) keep_result(context, step, state, output);
}

static int make_folder(const struct task_running *r)
{
    char fault[ASSAY_FILE_MESSAGE_LEN] = "";
    if (strlen(r->d->out) + NAME_ROOM >= PATH_MAX)
        return cli_misuse("--out: the path is longer than %d bytes", PATH_MAX - NAME_ROOM);
    if (mkdir(r->d->out, 0700) == 0 || errno == EEXIST) {
        if (!assay_file_folder_fault(r->d->out, fault)) return ASSAY_EXIT_OK;
        task_say("%s", fault);
        return ASSAY_EXIT_USAGE;
    }
    task_say("%s: %s", r->d->out, strerror(errno));
    return ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ options */

/* Waits for the end of it, as files are not waited for. */
static enum assay_status read_stdin(struct task_running *r)
{
    r->input = malloc(ASSAY_TASK_BLOB_MAX + 1);
    if (r->input == NULL) return ASSAY_E_MEMORY;
    r->input_len = fread(r->input, 1, ASSAY_TASK_BLOB_MAX + 1, stdin);
    if (ferror(stdin) != 0) return ASSAY_E_IO;
    return r->input_len <= ASSAY_TASK_BLOB_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

static int read_input(struct task_running *r)
{
    const char *const word = r->d->word;
    if (word == NULL) return ASSAY_EXIT_OK;
    const enum assay_status status =
        strcmp(word, "-") == 0
            ? read_stdin(r)
            : assay_file_read(word, ASSAY_TASK_BLOB_MAX, &r->input, &r->input_len);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status == ASSAY_E_RANGE)
        return cli_misuse("%s: an input has %d bytes at most", word, (int)ASSAY_TASK_BLOB_MAX);
    task_say("%s: %s", word, assay_status_text(status));
    return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL;
}

static int read_standing(const char *text, enum assay_task_standing *standing)
{
    static const char *const words[] = { [ASSAY_TASK_STAND_RESTRICTED] = "restricted",
                                         [ASSAY_TASK_STAND_WARNING] = "warning",
                                         [ASSAY_TASK_STAND_FULL] = "full" };
    *standing = ASSAY_TASK_STAND_WARNING;
    for (int s = ASSAY_TASK_STAND_RESTRICTED; text != NULL && s <= ASSAY_TASK_STAND_FULL; s++)
        if (strcmp(text, words[s]) == 0) {
            *standing = (enum assay_task_standing)s;
            return ASSAY_EXIT_OK;
        }
    return text == NULL
               ? ASSAY_EXIT_OK
               : cli_misuse("--standing: expected full, warning or restricted, found \"%s\"", text);
}

static int read_request(struct task_running *r)
{
    const struct task_command *const d = r->d;
    uint64_t ahead = AHEAD_EPOCHS;
    int bad = -1;
    if (d->code != NULL &&
        (strlen(d->code) != 64 || assay_hex_decode(d->code, 64, r->request.code, 32) != ASSAY_OK))
        return cli_misuse("--code wants 64 hexadecimal digits, not \"%s\"", d->code);
    if (d->evm == NULL && d->price != NULL)
        bad = cli_option_number("price", d->price, 1, UINT64_MAX, NULL, &r->request.price_max);
    if (bad < 0 && d->evm == NULL && d->deadline != NULL)
        bad = cli_option_number("deadline", d->deadline, 1, ASSAY_TASK_AHEAD_MAX, "epochs", &ahead);
    if (bad >= 0) return bad;
    r->request.hold_max = d->hold;
    r->request.steps = (uint32_t)d->steps;
    r->request.ahead = (uint32_t)ahead;
    r->request.min_score_bp = (uint16_t)d->score;
    return read_standing(d->standing, &r->request.min_standing);
}

/* ------------------------------------------------------------ offers */

static const struct assay_json *offers_of(const struct task_running *r)
{
    return assay_json_get(assay_json_get(assay_json_get(r->services, "data"), "tasks"), "offers");
}

static int find_executor(struct task_running *r)
{
    const struct assay_json *const offers = offers_of(r);
    for (size_t i = 0; i < assay_json_count(offers); i++) {
        const struct assay_json *const offer = assay_json_at(offers, i);
        if (strcmp(assay_json_text(offer, "name", ""), r->d->executor) != 0) continue;
        r->request.named = true;
        r->request.executor = (uint32_t)cli_number_of(offer, "slot");
        return ASSAY_EXIT_OK;
    }
    task_say("no executor has the name \"%s\"; assay task offers lists them",
             cli_text_sanitized(r->d->executor));
    return ASSAY_EXIT_NOT_FOUND;
}

/* Its name, or its slot where it offers nothing any more. */
static const char *name_of(const struct task_running *r, uint32_t slot)
{
    static char text[64];
    const struct assay_json *const offers = offers_of(r);
    (void)snprintf(text, sizeof text, "slot %u", (unsigned)slot);
    for (size_t i = 0; i < assay_json_count(offers); i++)
        if (cli_number_of(assay_json_at(offers, i), "slot") == slot)
            (void)snprintf(text, sizeof text, "%s",
                           cli_text_of(assay_json_at(offers, i), "name", "nobody"));
    return text;
}

/* ------------------------------------------------------------ the client */

static int not_opened(const struct task_running *r, const char *dir, enum assay_status status,
                      const char *message)
{
    if (status == ASSAY_E_SIGNATURE || status == ASSAY_E_CHAIN) {
        task_say("%s: a task of another account%s than that of %s", dir,
                 status == ASSAY_E_CHAIN ? ", chain or contract" : "",
                 r->d->key != NULL ? r->d->key : r->d->evm);
        return ASSAY_EXIT_CONFLICT;
    }
    task_say("%s/task.store: %s", dir, message);
    return ASSAY_EXIT_INTERNAL;
}

static int read_keys(struct task_running *r)
{
    static const char label[] = "assay/task/store/v1";
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    if (r->chain == NULL) {
        const int read = cli_record_submit_key(r->d->q.group, r->d->key, &r->key, public_key);
        if (read != ASSAY_EXIT_OK) return read;
    }
    assay_hmac_sha256(r->key.bytes, sizeof r->key.bytes, label, sizeof label - 1,
                      r->store_key.bytes);
    return ASSAY_EXIT_OK;
}

static int open_store(struct task_running *r, const char *dir, struct assay_task_client **client)
{
    char message[ASSAY_TASK_CLIENT_MESSAGE_LEN] = "", store[PATH_MAX];
    (void)snprintf(store, sizeof store, "%s/task.store", dir);
    const struct assay_task_client_config config = { .ledger = r->socket,
                                                     .store = store,
                                                     .store_key = &r->store_key,
                                                     .key = &r->key,
                                                     .place = r->chain != NULL
                                                                  ? task_chain_place(r->chain)
                                                                  : NULL };
    const enum assay_status status = assay_requestor_open(&config, keep_result, r, client, message);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : not_opened(r, dir, status, message);
}

/* docs/services.md 6.10: nothing of the task before is needed but its last result. */
static int read_after(struct task_running *r)
{
    struct assay_task_client *before = NULL;
    const char *const dir = r->d->after;
    char store[PATH_MAX];
    if (dir == NULL) return ASSAY_EXIT_OK;
    if (r->d->word != NULL)
        return cli_misuse("FILE and --after both name an input: leave one of them out");
    if (snprintf(store, sizeof store, "%s/task.store", dir) >= (int)sizeof store ||
        access(store, F_OK) != 0) {
        task_say("%s has no task: expected a DIR that task run --out has made", dir);
        return ASSAY_EXIT_NOT_FOUND;
    }
    r->after = malloc(sizeof *r->after);
    if (r->after == NULL) return ASSAY_EXIT_INTERNAL;
    const int opened = open_store(r, dir, &before);
    if (opened != ASSAY_EXIT_OK) return opened;
    const enum assay_status status = assay_requestor_last(before, r->after);
    assay_requestor_close(&before);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status == ASSAY_E_NOT_FOUND)
        task_say("%s has no result to continue from: run its input again", dir);
    else task_say("%s: its last result cannot be read: %s", dir, assay_status_text(status));
    return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL;
}

/* A successor is opened last: of --out nothing is made when there is nothing to go on from. */
static int open_client(struct task_running *r)
{
    int result = read_keys(r);
    if (result == ASSAY_EXIT_OK) result = read_after(r);
    if (result == ASSAY_EXIT_OK) result = make_folder(r);
    if (result == ASSAY_EXIT_OK) result = open_store(r, r->d->out, &r->client);
    assay_secret_wipe(&r->key, sizeof r->key);
    assay_secret_wipe(&r->store_key, sizeof r->store_key);
    return result;
}

/* Its state is the input, and its program goes on unless another is named. */
static void request_after(struct task_running *r)
{
    if (r->after == NULL) return;
    r->request.input = assay_slice_over(r->after->state, r->after->state_len);
    r->request.salt = r->after->salt;
    if (r->d->code == NULL) assay_bytes_copy(r->request.code, 32, r->after->code, 32);
}

/* Options must match the task in DIR. */
static int check_same(const struct task_running *r, const struct assay_task_open *terms)
{
    const struct task_command *const d = r->d;
    const struct assay_evm_terms *const evm = assay_requestor_evm(r->client);
    const char *differs = NULL;
    if (r->input != NULL && !assay_requestor_has_input(r->client, r->request.input, NULL))
        differs = "another input";
    else if (r->after != NULL &&
             !assay_requestor_has_input(r->client, r->request.input, r->request.salt))
        differs = "another input than the last state of --after";
    else if (d->code != NULL && !assay_bytes_equal(terms->code, r->request.code, 32))
        differs = "another --code";
    else if (d->steps != 0 && terms->steps != r->request.steps) differs = "other --steps";
    else if (d->price != NULL && r->chain == NULL && terms->price > r->request.price_max)
        differs = "a higher --price";
    else if (d->price != NULL && evm != NULL &&
             !assay_bytes_equal(evm->price, r->price, sizeof evm->price))
        differs = "another --price";
    else if (r->request.named && terms->executor != r->request.executor)
        differs = "another --executor";
    if (differs == NULL) return ASSAY_EXIT_OK;
    task_say("%s has a task with %s; name another --out for a new task, or leave it out to go on",
             d->out, differs);
    return ASSAY_EXIT_CONFLICT;
}

static int check_whole(const struct task_running *r)
{
    const struct task_command *const d = r->d;
    const bool has_after = r->after != NULL;
    const char *const missing = d->word == NULL && !has_after   ? "FILE, the input,"
                                : d->code == NULL && !has_after ? "--code"
                                : d->price == NULL              ? "--price"
                                : d->steps == 0                 ? "--steps"
                                                                : NULL;
    if (missing == NULL) return ASSAY_EXIT_OK;
    return cli_misuse("%s is missing: %s has no task to go on with", missing, d->out);
}

static int not_submitted(const struct task_running *r, enum assay_status status)
{
    const char *const party =
        r->d->executor != NULL ? cli_text_sanitized(r->d->executor) : "no executor";
    if (status == ASSAY_E_NOT_FOUND) {
        task_say("%s%s runs that code for %s a step%s with that standing and score; assay task "
                 "offers lists executors",
                 party, r->d->executor != NULL ? " is not one that" : "", r->d->price,
                 r->d->hold == 0 ? " and the lowest rent" : " and that rent");
        return ASSAY_EXIT_NOT_FOUND;
    }
    if (status == ASSAY_E_KEY) {
        task_say("the account of %s has never been paid anything", r->d->key);
        return ASSAY_EXIT_NOT_FOUND;
    }
    if (status == ASSAY_E_FULL) {
        task_say(
            "the balance is lower than the cost of %llu steps and the rent: nothing was signed",
            (unsigned long long)r->d->steps);
        return ASSAY_EXIT_DENIED;
    }
    task_say("the task cannot be opened: %s", assay_status_text(status));
    return ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ turns */

static void write_id(struct task_running *r)
{
    char text[66];
    assay_hex_encode(r->now.task, 32, text, sizeof text);
    text[64] = '\n';
    write_file(r, "task.id", assay_slice_over((const uint8_t *)text, 65));
}

static void print_chosen(struct task_running *r)
{
    const struct assay_task_open *const terms = assay_requestor_terms(r->client);
    if (r->d->q.json) return;
    if (r->chain == NULL)
        task_say("%s, at %llu a step and %llu an epoch, up to epoch %llu",
                 name_of(r, terms->executor), (unsigned long long)terms->price,
                 (unsigned long long)terms->hold, (unsigned long long)terms->deadline);
    else task_say("%s, on a chain", name_of(r, terms->executor));
}

static int report_silence(const struct task_running *r)
{
    static const char *const what[] = {
        [ASSAY_TASK_CLIENT_IDLE] = "the ledger was not notified",
        [ASSAY_TASK_CLIENT_DRAFTS] = "the executor does not answer at its client listener",
        [ASSAY_TASK_CLIENT_REQUESTS] = "the executor has no evidence that can be appraised",
        [ASSAY_TASK_CLIENT_OPENS] = "the task is not final",
        [ASSAY_TASK_CLIENT_AWAITS] = ("its executor has not accepted it; assay task close "
                                      "takes the money back"),
        [ASSAY_TASK_CLIENT_WORKS] =
            ("its executor gives no further step; assay task release leaves "
             "it, when no claim came for 4 closes"),
    };
    task_say("nothing happened in time: %s. %u results are stored; the same command continues",
             what[r->now.state], (unsigned)r->now.results);
    return ASSAY_EXIT_TIMEOUT;
}

static int report_outcome(const struct task_running *r)
{
    switch (r->now.state) {
    case ASSAY_TASK_CLIENT_DONE: return ASSAY_EXIT_OK;
    case ASSAY_TASK_CLIENT_REFUSED:
        task_say("%s", cli_text_sanitized(r->now.why));
        return ASSAY_EXIT_DENIED;
    case ASSAY_TASK_CLIENT_CHEATED:
    case ASSAY_TASK_CLIENT_REJECTED:
        task_say("%s: no further step is paid; the unpaid amount is refunded at the deadline",
                 r->now.why);
        return ASSAY_EXIT_CONTRAINDICATED;
    case ASSAY_TASK_CLIENT_FAILED:
        task_say("%s: %u results are stored", r->now.why, (unsigned)r->now.results);
        return ASSAY_EXIT_PARTIAL;
    case ASSAY_TASK_CLIENT_IDLE:
    case ASSAY_TASK_CLIENT_DRAFTS:
    case ASSAY_TASK_CLIENT_REQUESTS:
    case ASSAY_TASK_CLIENT_OPENS:
    case ASSAY_TASK_CLIENT_AWAITS:
    case ASSAY_TASK_CLIENT_WORKS: break;
    }
    return ASSAY_EXIT_INTERNAL;
}

/* Opens the task if there is none yet, and prints its executor. Returns: -1 to go on, else the exit
 * status. */
static int submit_task(struct task_running *r, bool *submitted)
{
    if (*submitted) return -1;
    const enum assay_status status =
        r->chain == NULL ? assay_requestor_submit(r->client, &r->request)
                         : assay_requestor_draft(r->client, &r->request, r->price,
                                                 assay_unix_ms() / 1000 + r->ahead_s);
    if (status == ASSAY_E_AGAIN) return -1;
    if (status != ASSAY_OK) return not_submitted(r, status);
    *submitted = true;
    print_chosen(r);
    return -1;
}

/* Returns: -1 to go on, else the exit status. */
static int one_turn(struct task_running *r, bool *submitted)
{
    const bool failed = assay_requestor_step(r->client, TURN_MS) != ASSAY_OK;
    if (failed || r->lost) {
        task_say("%s: the disk does not take it; the same command continues", r->d->out);
        return ASSAY_EXIT_INTERNAL;
    }
    const int over = submit_task(r, submitted);
    if (over >= 0) return over;
    r->now = assay_requestor_status(r->client);
    if (r->chain != NULL) task_chain_key(r);
    if (r->chain == NULL || r->now.state != ASSAY_TASK_CLIENT_OPENS) return -1;
    write_id(r);
    const int opened = task_chain_open(r);
    if (opened != ASSAY_EXIT_OK) return opened;
    const enum assay_status status = assay_requestor_opened(r->client);
    if (status == ASSAY_OK) return -1;
    task_say("the input cannot be sealed: %s", assay_status_text(status));
    return ASSAY_EXIT_INTERNAL;
}

static int run_turns(struct task_running *r, struct assay_sim_progress *progress)
{
    bool submitted = assay_requestor_terms(r->client) != NULL, named = false;
    uint64_t until = assay_monotonic_ms() + r->d->q.timeout_ms;
    for (;;) {
        const struct assay_requestor_status before = r->now;
        const int over = one_turn(r, &submitted);
        if (over >= 0) return over;
        if (!named && r->now.state >= ASSAY_TASK_CLIENT_AWAITS) write_id(r);
        named = r->now.state >= ASSAY_TASK_CLIENT_AWAITS;
        if (assay_requestor_is_over(r->now.state)) return report_outcome(r);
        if (r->now.state == ASSAY_TASK_CLIENT_WORKS)
            sim_progress_show(progress, r->now.results, ASSAY_SIM_PROGRESS_UNCOUNTED);
        if (r->now.state != before.state || r->now.results != before.results)
            until = assay_monotonic_ms() + r->d->q.timeout_ms;
        if (assay_monotonic_ms() >= until) return report_silence(r);
    }
}

static int print_result(const struct task_running *r)
{
    const struct assay_task_open *const terms = assay_requestor_terms(r->client);
    struct assay_json *const data =
        cli_result_json("task run", (const char *const[]){ r->d->out, NULL });
    assay_json_set_hex(data, "task", r->now.task, 32);
    assay_json_set_text(data, "executor", name_of(r, terms->executor));
    assay_json_set_hex(data, "code", terms->code, 32);
    if (r->chain == NULL) assay_json_set_uint(data, "price", terms->price);
    if (r->chain == NULL) assay_json_set_uint(data, "hold", terms->hold);
    assay_json_set_uint(data, "steps", terms->steps);
    assay_json_set_uint(data, "results", r->now.results);
    if (r->after != NULL) {
        assay_json_set_hex(data, "after", r->after->task, 32);
        assay_json_set_uint(data, "after_step", r->after->step);
    }
    return cli_result_print(data, "task           {task}\n"
                                  "executor       {executor}\n"
                                  "results        {results} of {steps}, in {files.0}\n"
                                  "[?after after          step {after_step} of {after}\n]");
}

/* On a chain, unpaid money must be claimed back. */
static int take_back(struct task_running *r, int result)
{
    bool closed = false;
    if (r->chain == NULL || assay_requestor_evm(r->client) == NULL) return result;
    const int taken = task_chain_close(r, &closed);
    if (closed && !r->d->q.json) task_say("closed: what was not paid is back");
    return taken == ASSAY_EXIT_OK ? result : taken;
}

static int run_task(struct task_running *r)
{
    const struct assay_task_open *const terms = assay_requestor_terms(r->client);
    r->request.input = assay_slice_over(r->input, r->input_len);
    request_after(r);
    const int fit = terms != NULL ? check_same(r, terms) : check_whole(r);
    if (fit != ASSAY_EXIT_OK) return fit;
    if (assay_requestor_report_results(r->client, keep_missing, r) != ASSAY_OK || r->lost) {
        task_say("%s: a stored result cannot be read or written", r->d->out);
        return ASSAY_EXIT_INTERNAL;
    }
    r->now = assay_requestor_status(r->client);
    if (terms != NULL) print_chosen(r);
    struct assay_sim_progress progress = sim_progress_start(
        "steps", terms != NULL ? terms->steps : r->request.steps, r->now.results, r->d->q.json);
    int result = run_turns(r, &progress);
    sim_progress_end(&progress);
    if (assay_requestor_is_over(r->now.state)) result = take_back(r, result);
    return result == ASSAY_EXIT_OK ? print_result(r) : result;
}

/* The daemon is asked first: without one nothing is made. */
static int begin_task(struct task_running *r)
{
    int result = r->d->evm != NULL   ? task_chain_begin(r)
                 : r->d->key != NULL ? ASSAY_EXIT_OK
                                     : cli_misuse("--key is missing: the account that pays");
    if (result == ASSAY_EXIT_OK) result = read_request(r);
    if (result == ASSAY_EXIT_OK) result = read_input(r);
    if (result == ASSAY_EXIT_OK) result = cli_record_submit_path(&r->d->q, r->socket);
    if (result == ASSAY_EXIT_OK)
        result = cli_daemon_get_document(&r->d->q, &r->services, "services");
    if (result == ASSAY_EXIT_OK && r->d->executor != NULL) result = find_executor(r);
    return result == ASSAY_EXIT_OK ? open_client(r) : result;
}

int task_run(struct task_command *command)
{
    struct task_running r = { .d = command };
    int result = begin_task(&r);
    if (result == ASSAY_EXIT_OK) result = run_task(&r);
    assay_requestor_close(&r.client);
    task_chain_end(&r.chain);
    assay_secret_wipe(&r.key, sizeof r.key);
    assay_json_free(&r.services);
    assay_secret_wipe(r.input, r.input_len);
    free(r.input);
    if (r.after != NULL) assay_secret_wipe(r.after, sizeof *r.after);
    free(r.after);
    return result;
}
