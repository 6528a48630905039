/*
 * apps/assay/members/change_list.c - `assay change submit` and `list`: submission to a running
 * node, and state of changes.
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/condition.h"
#include "apps/assay/core/daemon_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long llu;

int cli_change_print_whole(const struct assay_json *document)
{
    char *text = assay_json_print(document, 2);
    if (text == NULL) return ASSAY_EXIT_INTERNAL;
    const bool good = puts(text) >= 0 && fflush(stdout) == 0;
    free(text);
    return good ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ submit */

static int hand_over(const struct assay_change_options *options, struct assay_slice bytes)
{
    static const char verb[] = "submit ";
    const size_t verb_len = sizeof verb - 1;
    const size_t size = verb_len + 2 * bytes.len + 1;
    char *request = malloc(size);
    struct assay_json *document = NULL;
    if (request == NULL) return cli_change_fail(options, ASSAY_E_MEMORY, options->file);
    assay_bytes_copy(request, size, verb, verb_len);
    assay_hex_encode(bytes.bytes, bytes.len, request + verb_len, size - verb_len);
    int result = cli_change_request(options, request, &document);
    free(request);
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_json *data = assay_json_get(document, "data");
    const char *note = cli_text_of(data, "note", "");
    if (options->json) {
        result = cli_change_print_whole(document);
    } else {
        (void)printf("%s: taken for epoch %llu, offered in every epoch until a block has it%s%s\n",
                     options->file, (llu)assay_json_uint(data, "activation", 0),
                     note[0] != '\0' ? "; " : "", note);
    }
    assay_json_free(&document);
    return result;
}

int cli_change_run_submit(const struct assay_change_options *options)
{
    uint8_t *bytes = NULL;
    struct assay_change_draft *draft = calloc(1, sizeof *draft);
    if (draft == NULL) return cli_change_fail(options, ASSAY_E_MEMORY, options->file);
    int result = cli_change_file_load(options, &bytes, draft);
    if (result == ASSAY_EXIT_OK) result = hand_over(options, draft->bytes);
    free(draft);
    free(bytes);
    return result;
}

/* ------------------------------------------------------------ list */

/* data: with the times of epochs. */
static void print_changes(const struct assay_json *data, const char *key, const char *label)
{
    const struct assay_json *const list = assay_json_get(data, key);
    for (size_t i = 0; i < assay_json_count(list); i++) {
        const struct assay_json *c = assay_json_at(list, i);
        const struct assay_json *actions = assay_json_get(c, "actions");
        const llu activation = assay_json_uint(c, "activation", 0);
        (void)printf("%-10s change %llu, in force from epoch %llu%s\n", label,
                     (llu)assay_json_uint(c, "sequence", 0), activation,
                     cli_when_of_epoch(data, activation));
        for (size_t k = 0; k < assay_json_count(actions); k++) {
            const char *words = assay_json_as_text(assay_json_at(actions, k));
            (void)printf("%-10s   %s\n", "", words != NULL ? cli_text_sanitized(words) : "");
        }
    }
}

static void print_signers(const struct assay_json *signers)
{
    for (size_t i = 0; i < assay_json_count(signers); i++) {
        const char *name = assay_json_as_text(assay_json_at(signers, i));
        (void)printf("%s%s", i == 0 ? ", signed by " : ", ",
                     name != NULL ? cli_text_sanitized(name) : "?");
    }
}

/* Final changes whose epoch has started, oldest first; reverted ones are marked. */
static void print_decided(const struct assay_json *data)
{
    const struct assay_json *const list = assay_json_get(data, "decided");
    for (size_t i = 0; i < assay_json_count(list); i++) {
        const struct assay_json *c = assay_json_at(list, i);
        const struct assay_json *actions = assay_json_get(c, "actions");
        const char *end = cli_text_of(c, "end", "none");
        const bool stays = strcmp(end, "none") == 0;
        const llu sequence = assay_json_uint(c, "sequence", 0);
        (void)printf("%-10s ", stays ? "in force" : end);
        if (sequence != 0) (void)printf("change %llu, ", sequence);
        const llu activation = assay_json_uint(c, "activation", 0);
        (void)printf("%s epoch %llu%s", stays ? "since" : "it was for", activation,
                     cli_when_of_epoch(data, activation));
        print_signers(assay_json_get(c, "signers"));
        (void)putchar('\n');
        for (size_t k = 0; k < assay_json_count(actions); k++) {
            const char *words = assay_json_as_text(assay_json_at(actions, k));
            (void)printf("%-10s   %s\n", "", words != NULL ? cli_text_sanitized(words) : "");
        }
    }
}

static void print_trial(const struct assay_json *data)
{
    const struct assay_json *const trial = assay_json_get(data, "trial");
    if (assay_json_kind_of(trial) != ASSAY_JSON_OBJECT) return;
    (void)printf(
        "trial      change %llu since epoch %llu%s: weight %llu of %llu was suspended, %llu "
        "is not yet appraised under it\n",
        (llu)assay_json_uint(trial, "sequence", 0), (llu)assay_json_uint(trial, "epoch", 0),
        cli_when_of_epoch(data, assay_json_uint(trial, "epoch", 0)),
        (llu)assay_json_uint(trial, "suspended_weight", 0),
        (llu)assay_json_uint(trial, "total_weight", 0),
        (llu)assay_json_uint(trial, "unjudged_weight", 0));
}

static void print_ended(const struct assay_json *data)
{
    const struct assay_json *ended = assay_json_get(data, "ended");
    const struct assay_json *felled = assay_json_get(data, "felled");
    if (assay_json_kind_of(ended) != ASSAY_JSON_OBJECT) return;
    (void)printf("%-10s change %llu, by the close of epoch %llu%s", cli_text_of(ended, "end", "?"),
                 (llu)assay_json_uint(ended, "sequence", 0),
                 (llu)assay_json_uint(ended, "epoch", 0),
                 cli_when_of_epoch(data, assay_json_uint(ended, "epoch", 0)));
    if (assay_json_uint(ended, "total_weight", 0) > 0)
        (void)printf(": it suspended weight %llu of %llu",
                     (llu)assay_json_uint(ended, "suspended_weight", 0),
                     (llu)assay_json_uint(ended, "total_weight", 0));
    for (size_t i = 0; i < assay_json_count(felled); i++) {
        const char *name = assay_json_as_text(assay_json_at(felled, i));
        (void)printf("%s%s", i == 0 ? ": " : ", ", name != NULL ? cli_text_sanitized(name) : "?");
    }
    (void)putchar('\n');
}

static void print_members(const struct assay_json *data)
{
    const struct assay_json *list = assay_json_get(data, "members");
    const uint64_t epoch = assay_json_uint(data, "epoch", 0);
    for (size_t i = 0; i < assay_json_count(list); i++) {
        const struct assay_json *m = assay_json_at(list, i);
        const char *stage = cli_stage_of(m);
        const uint64_t until = assay_json_uint(m, "maintenance_until", 0);
        if (strcmp(stage, "member") != 0)
            (void)printf("%-10s %s, since epoch %llu%s\n", stage, cli_text_of(m, "name", "?"),
                         (llu)assay_json_uint(m, "stage_epoch", 0),
                         cli_when_of_epoch(data, assay_json_uint(m, "stage_epoch", 0)));
        if (until >= epoch && until > 0)
            (void)printf("%-10s %s, epochs %llu%s to %llu%s\n", "maintained",
                         cli_text_of(m, "name", "?"),
                         (llu)assay_json_uint(m, "maintenance_from", 0),
                         cli_when_of_epoch(data, assay_json_uint(m, "maintenance_from", 0)),
                         (llu)until, cli_when_of_epoch(data, until));
    }
}

int cli_change_run_list(const struct assay_change_options *options)
{
    struct assay_json *document = NULL;
    int result = cli_change_request(options, "changes", &document);
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_json *data = assay_json_get(document, "data");
    if (options->json) {
        result = cli_change_print_whole(document);
    } else {
        (void)printf("epoch      %llu%s; newest change in a block: %llu\n",
                     (llu)assay_json_uint(data, "epoch", 0),
                     cli_when_of_epoch(data, assay_json_uint(data, "epoch", 0)),
                     (llu)assay_json_uint(data, "sequence", 0));
        print_decided(data);
        print_changes(data, "waiting", "offered");
        print_changes(data, "queue", "pending");
        print_trial(data);
        print_ended(data);
        print_members(data);
    }
    assay_json_free(&document);
    return result;
}
