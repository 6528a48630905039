/*
 * tests/bindings/run_standing.c - verifies a proof of standing, or of a key, and prints what it
 * proves.
 */
#include "tests/bindings/run.h"

#include <assay/standing.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is expected of a key, "name=value". The text of the case outlives it. */
struct expected {
    struct assay_key_request request;
    struct assay_bytes key, node;
};

static void expect_one(const char *name, const char *value, struct expected *e)
{
    struct assay_key_request *const r = &e->request;
    const uint64_t number = strtoull(value, NULL, 10);
    if (strcmp(name, "key") == 0) e->key = run_read_file(value);
    else if (strcmp(name, "node") == 0) e->node = run_parse_hex(value);
    else if (strcmp(name, "name") == 0) r->name = value;
    else if (strcmp(name, "worst") == 0) r->standing_worst = (enum assay_standing)number;
    else if (strcmp(name, "now") == 0) r->now_ms = number;
    else if (strcmp(name, "age") == 0) r->max_age_s = (uint32_t)number;
    else exit(2);
}

static void read_expectations(char *text, struct expected *e)
{
    char *rest = NULL;
    for (char *one = strtok_r(text, ";", &rest); one != NULL; one = strtok_r(NULL, ";", &rest)) {
        char *const equals = strchr(one, '=');
        if (equals == NULL) exit(2);
        *equals = '\0';
        expect_one(one, equals + 1, e);
    }
    if (e->node.len != 0 && e->node.len != 32) exit(2);
    e->request.key = e->key.bytes;
    e->request.key_len = e->key.len;
    e->request.node_id = e->node.bytes;
}

static void print_named(const char *name, const uint8_t *bytes, size_t len)
{
    (void)printf("%s ", name);
    run_print_hex((struct assay_bytes){ bytes, len });
}

static void print_report(const struct assay_standing_report *r)
{
    (void)printf("proof %d|%s\n", (int)r->answer, assay_describe_answer(r->answer));
    print_named("node", r->node_id, 32);
    (void)printf("standing %s|%d|%" PRIu64 "|%u|%u|%u\n", assay_name_of_standing(r->standing),
                 (int)r->stage, r->stage_epoch, (unsigned)r->score_bp, (unsigned)r->integrity_bp,
                 (unsigned)r->availability_bp);
    (void)printf("outcome %s|%" PRIu64 "|%" PRIu64 "|%" PRIu64 "|%d|%" PRIu64 "|%" PRIu32
                 "|%" PRIu32 "\n",
                 assay_name_of_outcome(r->outcome), r->pass_weight, r->negative_weight,
                 r->electorate_weight, r->certified, r->last_pass_epoch, r->incarnation, r->weight);
    print_named("chain", r->chain_id, 32);
    (void)printf("epoch %" PRIu32 "|%" PRIu64 "|%" PRIu64 "|%" PRIu64 "\n", r->era, r->epoch,
                 r->time_ms, r->expires_ms);
    print_named("block", r->block_id, 32);
    print_named("policy_digest", r->policy_digest, 32);
    print_named("next", r->checkpoint, r->checkpoint_len);
}

void run_standing_case(char **column)
{
    struct expected e = { .request = { .size = sizeof e.request } };
    struct assay_standing_report report = { .size = sizeof report };
    enum assay_key_answer answer = ASSAY_KEY_NOT_READ;
    const bool is_key = strcmp(column[POLICY], "key") == 0;
    const struct assay_bytes proof = run_read_file(column[EVIDENCE]);
    const struct assay_bytes checkpoint = run_read_file(column[ROOTS]);
    struct assay_key_request *const r = &e.request;
    (void)printf("== %s\n", column[NAME]);
    read_expectations(column[NONCE], &e);
    r->proof = proof.bytes, r->proof_len = proof.len;
    r->checkpoint = checkpoint.bytes, r->checkpoint_len = checkpoint.len;
    const enum assay_status status =
        is_key ? assay_standing_verify_key(r, &report, &answer)
               : assay_standing_verify(proof.bytes, proof.len, checkpoint.bytes, checkpoint.len,
                                       r->now_ms, r->max_age_s, &report);
    if (status == ASSAY_OK) {
        (void)printf("answer %d\n", is_key ? (int)answer : (int)report.answer);
        if (is_key) (void)printf("why %s\n", assay_describe_key(answer));
        print_report(&report);
    } else {
        (void)printf("error %s\n", assay_name_of_status(status));
    }
    free((void *)(uintptr_t)proof.bytes);
    free((void *)(uintptr_t)checkpoint.bytes);
    free((void *)(uintptr_t)e.key.bytes);
    free((void *)(uintptr_t)e.node.bytes);
}
