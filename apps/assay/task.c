/*
 * apps/assay/task.c - `assay task`: the group of verbs, and tasks that are closed by hand.
 */
#include "apps/assay/task.h"

#include "apps/assay/command.h"
#include "apps/assay/evidence_print.h"
#include "apps/assay/options.h"
#include "apps/assay/services.h"
#include "base/assert.h"
#include "services/tasks/records.h"

#include <stdio.h>
#include <string.h>

static int hand_close(const struct task_deed *d, struct assay_hand_signing *s,
                      struct assay_task_close *c)
{
    const struct assay_follower_home *const home =
        assay_follower_home(assay_hand_follower(s->hand));
    uint8_t digest[32], bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice payload = { 0 };
    const char *word = "";
    assay_bytes_copy(c->key, sizeof c->key, s->public_key, sizeof s->public_key);
    assay_task_close_statement(home->chain_id, c, digest);
    enum assay_status status = assay_hand_sign(s, digest, c->signature);
    if (status == ASSAY_OK) status = assay_task_close_encode(c, bytes, sizeof bytes, &payload);
    if (status != ASSAY_OK) return assay_hand_unmade(d->q.group, status);
    const int result = assay_hand_submit(s->hand, ASSAY_SERVICE_TASK_CLOSE, payload, &word);
    if (result != ASSAY_EXIT_OK) return result;
    if (!d->q.json) {
        (void)puts("final          the task is closed, and what was locked is back");
        return ASSAY_EXIT_OK;
    }
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "kind", "task-close");
    assay_json_set_text(data, "result", word);
    assay_json_set_hex(data, "account", s->account, 32);
    assay_json_set_hex(data, "task", c->task, 32);
    return assay_print_envelope("assay.handed", data);
}

static int close_task(struct task_deed *d)
{
    struct assay_hand_signing s = { .hand = NULL };
    struct assay_task_close c = { .task = { 0 } };
    ASSAY_ASSERT(d->word != NULL); /* by the table */
    if (strlen(d->word) != 64 || assay_hex_decode(d->word, 64, c.task, 32) != ASSAY_OK)
        return assay_misuse("TASK has 64 hexadecimal digits, \"%s\" has not", d->word);
    int result = assay_hand_begin(&d->q, d->key, d->timeout, &s);
    if (result == ASSAY_EXIT_OK) result = hand_close(d, &s, &c);
    assay_hand_end(&s);
    return result;
}

int assay_command_task(int argc, char **argv)
{
    struct task_deed d = { .q = { .group = "task" } };
    const struct assay_hand_option options[] = {
        { "key", &d.key, NULL, 0 },           { "out", &d.out, NULL, 0 },
        { "code", &d.code, NULL, 0 },         { "steps", &d.steps, NULL, 0 },
        { "price", &d.price, NULL, 0 },       { "executor", &d.executor, NULL, 0 },
        { "standing", &d.standing, NULL, 0 }, { "score", &d.score, NULL, 0 },
        { "deadline", &d.deadline, NULL, 0 }, { "evm", &d.evm, NULL, 0 },
        { "after", &d.after, NULL, 0 },       { NULL, NULL, NULL, 0 },
    };
    const int read = assay_hand_options(&d.q, argc, argv, options, &d.timeout, &d.verb, &d.word);
    if (read >= 0) return read;
    if (strcmp(d.verb, "run") == 0) return task_run(&d);
    if (strcmp(d.verb, "deploy") == 0) return task_chain_deploy(&d);
    if (strcmp(d.verb, "close") == 0) return close_task(&d);
    if (strcmp(d.verb, "offers") == 0) return assay_services_offers(&d.q);
    return assay_services_tasks(&d.q, d.word);
}
