/*
 * tests/bindings/run_identity.c - verifies a certificate or token of a network and prints what it
 * states.
 */
#include "tests/bindings/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN = ASSAY_IDENTITY_CHAIN_MAX + 2 };

/* One expectation of the request, "name=value". The text of the case outlives the request. */
static void expect_one(const char *name, const char *value, struct assay_identity_request *r,
                       uint8_t ids[2][32])
{
    const uint64_t number = strtoull(value, NULL, 10);
    if (strcmp(name, "chain") == 0 || strcmp(name, "node") == 0) {
        const bool is_chain = name[0] == 'c';
        const struct assay_bytes id = run_parse_hex(value);
        if (id.len != 32) exit(2);
        for (size_t i = 0; i < 32; i++)
            ids[is_chain ? 0 : 1][i] = id.bytes[i];
        free((void *)(uintptr_t)id.bytes);
        if (is_chain) r->chain_id = ids[0];
        else r->node_id = ids[1];
    } else if (strcmp(name, "domain") == 0) r->trust_domain = value;
    else if (strcmp(name, "service") == 0) r->service = value;
    else if (strcmp(name, "id") == 0) r->spiffe_id = value;
    else if (strcmp(name, "issuer") == 0) r->issuer = value;
    else if (strcmp(name, "audience") == 0) r->audience = value;
    else if (strcmp(name, "era") == 0) r->has_era = true, r->era = number;
    else if (strcmp(name, "epoch") == 0) r->epoch_min = number;
    else if (strcmp(name, "age") == 0) r->has_age_max = true, r->age_max_s = number;
    else if (strcmp(name, "worst") == 0) r->standing_worst = (enum assay_standing)number;
    else if (strcmp(name, "kinds") == 0) r->kinds = (uint32_t)number;
    else if (strcmp(name, "insecure") == 0) r->accept_insecure = number == 1;
    else if (strcmp(name, "skew") == 0) r->skew_s = (uint32_t)number;
    else exit(2);
}

static void read_expectations(char *text, struct assay_identity_request *r, uint8_t ids[2][32])
{
    char *rest = NULL;
    if (strcmp(text, "-") == 0) return;
    for (char *one = strtok_r(text, ";", &rest); one != NULL; one = strtok_r(NULL, ";", &rest)) {
        char *const equals = strchr(one, '=');
        if (equals == NULL) exit(2);
        *equals = '\0';
        expect_one(one, equals + 1, r, ids);
    }
}

static void print_named(const char *name, const uint8_t *bytes, size_t len)
{
    (void)printf("%s ", name);
    run_print_hex((struct assay_bytes){ bytes, len });
}

static void print_claims(const struct assay_identity_claims *c)
{
    (void)printf("id %s|%s|%s|%d|%d\n", c->spiffe_id, c->trust_domain, c->name, c->is_service,
                 c->insecure);
    print_named("chain", c->chain_id, 32);
    print_named("block", c->block_id, 32);
    print_named("node", c->node_id, 32);
    (void)printf("state %" PRIu64 "|%" PRIu64 "|%" PRIu32 "|%d|%" PRIu32 "|%" PRIu32 "\n", c->era,
                 c->epoch, c->incarnation, (int)c->standing, c->score_bp, c->evidence_kind);
    print_named("entry", c->entry_digest, 32);
    print_named("proof", c->proof_digest, 32);
    print_named("serial", c->serial, 16);
    (void)printf("times %" PRId64 "|%" PRId64 "|%" PRId64 "\n", c->issued_unix_s, c->starts_unix_s,
                 c->expires_unix_s);
    if (c->key.len > 0) {
        (void)printf("ca %" PRIu32 "\n", c->ca_number);
        print_named("key", c->key.bytes, c->key.len);
    }
    if (c->key_thumbprint != NULL) (void)printf("thumbprint %s\n", c->key_thumbprint);
}

static void print_identity(const struct assay_identity *identity, enum assay_status status)
{
    struct assay_identity_claims claims = { .size = sizeof claims };
    struct assay_unchecked open = { .size = sizeof open };
    const bool has = assay_identity_get_claims(identity, &claims);
    if (status != ASSAY_OK) {
        if (has && claims.why[0] != '\0') (void)printf("reason %s\n", claims.why);
        return;
    }
    if (!has) exit(2);
    (void)printf("answer %s\nwhy %s\n", assay_name_of_identity(claims.answer), claims.why);
    if (claims.answer == ASSAY_IDENTITY_VALID) print_claims(&claims);
    for (size_t i = 0; assay_identity_get_unchecked(identity, i, &open); i++)
        (void)printf("unchecked %s|%s\n", open.what, open.why);
}

void run_identity_case(char **column)
{
    struct assay_identity *identity = NULL;
    enum assay_identity_answer answer = ASSAY_IDENTITY_NOT_READ;
    struct assay_bytes chain[CHAIN];
    uint8_t ids[2][32];
    size_t count = 0;
    char *rest = NULL;
    struct assay_identity_request request = { .size = sizeof request };
    (void)printf("== %s\n", column[NAME]);
    read_expectations(column[NONCE], &request, ids);
    request.trusted = run_read_file(column[ROOTS]);
    request.at_unix_s = strtoll(column[AT], NULL, 10);
    for (char *one = strtok_r(column[FILES_OF], ",", &rest); one != NULL && count < CHAIN;
         one = strtok_r(NULL, ",", &rest))
        chain[count++] = run_read_file(one);
    if (assay_identity_create(&identity) != ASSAY_OK || count == 0) exit(2);
    const enum assay_status status =
        strcmp(column[POLICY], "token") == 0
            ? assay_identity_verify_token(&request, chain[0].bytes, chain[0].len, identity, &answer)
            : assay_identity_verify_peer(&request, chain, count, identity, &answer);
    print_identity(identity, status);
    if (status != ASSAY_OK) (void)printf("error %s\n", assay_name_of_status(status));
    assay_identity_destroy(&identity);
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)chain[i].bytes);
    free((void *)(uintptr_t)request.trusted.bytes);
}
