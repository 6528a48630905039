/*
 * quote/api/policy_yaml.c - libassay-policy: policy files to policies of libassay.
 *
 * A library of its own (docs/library.md). It has its own copy of the code that reads policies and
 * gives libassay the canonical bytes of what it read, so that no structure is shared.
 */
#include "base/assert.h"
#include "quote/accept/policy.h"
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

enum assay_status assay_policy_create_yaml(const char *text, size_t len,
                                           struct assay_policy **policy, char *message,
                                           size_t message_len)
{
    char said[ASSAY_YAML_MESSAGE_MAX] = "";
    if (message != NULL && message_len > 0) message[0] = '\0';
    if (text == NULL || policy == NULL) return ASSAY_E_INVALID;
    if (len > ASSAY_YAML_LEN_MAX) return ASSAY_E_RANGE;
    struct reading *const reading = malloc(sizeof *reading);
    if (reading == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = read_policy(reading, text, len, policy, said);
    free(reading);
    if (status != ASSAY_OK && message != NULL && message_len > 0)
        (void)snprintf(message, message_len, "%s", said);
    return status;
}
