/*
 * apps/assay/services/task.c - command group `assay task`: its verbs, and manual close and release
 * of tasks.
 */
#include "apps/assay/services/task.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/services/services.h"
#include "base/assert.h"
#include "services/tasks/records.h"

#include <stdio.h>
#include <string.h>

/* Hands in what ends a task, or begins to. Returns: an enum assay_exit. */
static int submit_ending(const struct task_command *d, struct assay_record_submit_signing *s,
                         enum assay_service_kind kind, struct assay_slice payload,
                         const uint8_t task[static 32], const char *done)
{
    const char *word = "";
    const int result = cli_record_submit_send(s->hand, kind, payload, &word);
    if (result != ASSAY_EXIT_OK) return result;
    if (!d->q.json) {
        (void)printf("final          %s\n", done);
        return ASSAY_EXIT_OK;
    }
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "kind", assay_registry_kind_name((unsigned)kind));
    assay_json_set_text(data, "result", word);
    assay_json_set_hex(data, "account", s->account, 32);
    assay_json_set_hex(data, "task", task, 32);
    return cli_print_envelope("assay.handed", data);
}

static int hand_close(const struct task_command *d, struct assay_record_submit_signing *s,
                      const uint8_t task[static 32])
{
    const struct assay_follower_state *const home =
        assay_follower_state(cli_record_submit_follower(s->hand));
    struct assay_task_close c = { .task = { 0 } };
    uint8_t digest[32], bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice payload = { 0 };
    assay_bytes_copy(c.task, 32, task, 32);
    assay_bytes_copy(c.key, sizeof c.key, s->public_key, sizeof s->public_key);
    assay_task_close_statement(home->chain_id, &c, digest);
    enum assay_status status = cli_record_submit_sign(s, digest, c.signature);
    if (status == ASSAY_OK) status = assay_task_close_encode(&c, bytes, sizeof bytes, &payload);
    if (status != ASSAY_OK) return cli_record_submit_report_unmade(d->q.group, status);
    return submit_ending(d, s, ASSAY_SERVICE_TASK_CLOSE, payload, task,
                         "the task is closed, and what was locked is back");
}

static int hand_release(const struct task_command *d, struct assay_record_submit_signing *s,
                        const uint8_t task[static 32])
{
    const struct assay_follower *const follower = cli_record_submit_follower(s->hand);
    const struct assay_task_row *const row =
        assay_task_ledger_find_task(assay_follower_tasks(follower), task);
    struct assay_task_release r = { .paid = row != NULL ? row->paid : 0, .is_signed = true };
    uint8_t digest[32], bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice payload = { 0 };
    assay_bytes_copy(r.task, 32, task, 32);
    assay_bytes_copy(r.key, sizeof r.key, s->public_key, sizeof s->public_key);
    assay_task_release_statement(assay_follower_state(follower)->chain_id, &r, digest);
    enum assay_status status = cli_record_submit_sign(s, digest, r.signature);
    if (status == ASSAY_OK) status = assay_task_release_encode(&r, bytes, sizeof bytes, &payload);
    if (status != ASSAY_OK) return cli_record_submit_report_unmade(d->q.group, status);
    return submit_ending(d, s, ASSAY_SERVICE_TASK_RELEASE, payload, task,
                         "the task ends in 4 closes; claims are paid until then");
}

static int end_task(struct task_command *d,
                    int (*hand)(const struct task_command *d, struct assay_record_submit_signing *s,
                                const uint8_t task[static 32]))
{
    struct assay_record_submit_signing s = { .hand = NULL };
    uint8_t task[32];
    ASSAY_ASSERT(d->word != NULL); /* by the table */
    if (strlen(d->word) != 64 || assay_hex_decode(d->word, 64, task, 32) != ASSAY_OK)
        return cli_misuse("TASK has 64 hexadecimal digits, \"%s\" has not", d->word);
    int result = cli_record_submit_start(&d->q, d->key, &s);
    if (result == ASSAY_EXIT_OK) result = hand(d, &s, task);
    cli_record_submit_stop(&s);
    return result;
}

int cli_command_task(int argc, char **argv)
{
    struct task_command d = { .q = cli_daemon_request("task") };
    const struct cli_option_target targets[] = {
        ASSAY_DAEMON_TARGETS(&d.q),
        { "key", .text = &d.key },
        { "out", .text = &d.out },
        { "code", .text = &d.code },
        { "steps", .number = &d.steps, .low = 1, .high = ASSAY_TASK_STEPS_MAX },
        { "price", .text = &d.price },
        { "executor", .text = &d.executor },
        { "standing", .text = &d.standing },
        { "score", .number = &d.score, .high = ASSAY_TASK_SCORE_MAX, .unit = "basis points" },
        { "deadline", .text = &d.deadline },
        { "evm", .text = &d.evm },
        { "after", .text = &d.after },
        { "hold", .number = &d.hold, .low = 1, .high = UINT64_MAX },
        { .name = NULL },
    };
    const char *const verb = argv[1];
    if (strcmp(verb, "run") == 0 || strcmp(verb, "deploy") == 0)
        d.q.timeout_ms = ASSAY_TASK_SILENCE_MS;
    else if (strcmp(verb, "close") == 0 || strcmp(verb, "release") == 0)
        d.q.timeout_ms = ASSAY_RECORD_SUBMIT_TIMEOUT_MS;
    const int read = cli_options_read(argc, argv, targets);
    if (read >= 0) return read;
    d.word = argv[2];
    if (strcmp(verb, "run") == 0) return task_run(&d);
    if (strcmp(verb, "deploy") == 0) return task_chain_deploy(&d);
    if (strcmp(verb, "close") == 0) return end_task(&d, hand_close);
    if (strcmp(verb, "release") == 0) return end_task(&d, hand_release);
    if (strcmp(verb, "offers") == 0) return cli_services_offers(&d.q);
    return cli_services_tasks(&d.q, d.word);
}
