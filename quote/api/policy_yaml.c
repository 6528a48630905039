/*
 * quote/api/policy_yaml.c - libassay-policy: policy files to policies of libassay, and to lists of
 * issuers of tokens.
 *
 * A library of its own (docs/library.md). It has its own copy of the code that reads policies and
 * gives libassay the canonical bytes of what it read, so that no structure is shared.
 */
#include "base/assert.h"
#include "quote/accept/policy.h"
#include "quote/result/token/issuers.h"
#include "quote/yaml.h"

/* After the room's headers: it leaves out what they define. */
#include <assay/policy.h>

#include <stdio.h>
#include <stdlib.h>

_Static_assert(ASSAY_POLICY_YAML_MAX == ASSAY_YAML_LEN_MAX, "one bound");
_Static_assert(ASSAY_POLICY_MESSAGE_MAX == ASSAY_YAML_MESSAGE_MAX, "one bound");

/* A policy and its bytes: too much for a stack. */
struct reading {
    struct assay_policy policy;
    uint8_t encoded[ASSAY_POLICY_LEN_MAX];
};

static enum assay_status read_policy(struct reading *r, const char *text, size_t len,
                                     struct assay_policy **policy, char *said)
{
    ASSAY_TRY(assay_policy_parse_yaml((const uint8_t *)text, len, &r->policy, said));
    struct assay_writer w = assay_writer_over(r->encoded, sizeof r->encoded);
    assay_policy_encode(&r->policy, &w);
    ASSAY_ASSERT(!w.full);
    return assay_policy_create_encoded(r->encoded, w.len, policy);
}

/* What both of the public functions do with their arguments. Returns: whether to go on */
static enum assay_status check_text(const char *text, size_t len, const void *out, char *message,
                                    size_t message_len)
{
    if (message != NULL && message_len > 0) message[0] = '\0';
    if (text == NULL || out == NULL) return ASSAY_E_INVALID;
    return len > ASSAY_YAML_LEN_MAX ? ASSAY_E_RANGE : ASSAY_OK;
}

static enum assay_status report_reading(enum assay_status status, const char *said, char *message,
                                        size_t message_len)
{
    if (status != ASSAY_OK && message != NULL && message_len > 0)
        (void)snprintf(message, message_len, "%s", said);
    return status;
}

enum assay_status assay_policy_create_yaml(const char *text, size_t len,
                                           struct assay_policy **policy, char *message,
                                           size_t message_len)
{
    char said[ASSAY_YAML_MESSAGE_MAX] = "";
    ASSAY_TRY(check_text(text, len, policy, message, message_len));
    struct reading *const reading = malloc(sizeof *reading);
    if (reading == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = read_policy(reading, text, len, policy, said);
    free(reading);
    return report_reading(status, said, message, message_len);
}

/* --- issuers of tokens */
struct assay_policy_issuers {
    struct assay_token_issuers list;
};

enum assay_status assay_policy_issuers_create_yaml(const char *text, size_t len,
                                                   struct assay_policy_issuers **issuers,
                                                   char *message, size_t message_len)
{
    char said[ASSAY_YAML_MESSAGE_MAX] = "";
    ASSAY_TRY(check_text(text, len, issuers, message, message_len));
    struct assay_policy_issuers *made = malloc(sizeof *made);
    if (made == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status =
        assay_token_issuers_parse_yaml((const uint8_t *)text, len, &made->list, said);
    if (status == ASSAY_OK) *issuers = made;
    else assay_policy_issuers_destroy(&made);
    return report_reading(status, said, message, message_len);
}

void assay_policy_issuers_destroy(struct assay_policy_issuers **issuers)
{
    if (issuers == NULL) return;
    free(*issuers);
    *issuers = NULL;
}

size_t assay_policy_issuers_count(const struct assay_policy_issuers *issuers)
{
    return issuers == NULL ? 0 : issuers->list.count;
}

static const char *text_of(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

bool assay_policy_issuers_get(const struct assay_policy_issuers *issuers, size_t index,
                              struct assay_policy_issuer *issuer)
{
    if (issuer == NULL || issuer->size < sizeof *issuer) return false;
    if (index >= assay_policy_issuers_count(issuers)) return false;
    const struct assay_token_issuer *const one = &issuers->list.entries[index];
    *issuer = (struct assay_policy_issuer){
        .size = sizeof *issuer,
        .service = one->service,
        .issuer = one->issuer,
        .keys_file = text_of(one->keys),
        .root_file = text_of(one->root),
        .audience = text_of(one->audience),
        .has_age_max = one->has_age,
        .age_max_s = one->age_max_s,
    };
    return true;
}
