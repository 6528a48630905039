/*
 * quote/api/result.c - tokens of other verifiers, as statements of their issuers.
 */
#include "quote/result/token/token.h"

#include "base/assert.h"
#include "quote/api/api.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((int)ASSAY_RESULT_BYTES_MAX == (int)ASSAY_RESULT_LEN_MAX, "one bound");
_Static_assert((int)ASSAY_RESULT_KEY_SET_MAX == (int)ASSAY_KEY_SET_LEN_MAX, "one bound");

struct assay_result {
    struct assay_token token;
};

enum assay_status assay_result_create(struct assay_result **result)
{
    if (result == NULL) return ASSAY_E_INVALID;
    *result = calloc(1, sizeof **result);
    return *result == NULL ? ASSAY_E_MEMORY : ASSAY_OK;
}

void assay_result_destroy(struct assay_result **result)
{
    if (result == NULL) return;
    free(*result);
    *result = NULL;
}

static struct assay_slice slice_of(struct assay_bytes bytes)
{
    return (struct assay_slice){ .bytes = bytes.bytes, .len = bytes.len };
}

static bool is_misused(const struct assay_result_request *request)
{
    if (request == NULL || request->size < sizeof *request) return true;
    if (request->service < ASSAY_RESULT_AZURE || request->service > ASSAY_RESULT_NVIDIA)
        return true;
    if (request->issuer == NULL || request->issuer[0] == '\0') return true;
    if (request->keys.len > 0 && request->keys.bytes == NULL) return true;
    if (request->root.len > 0 && request->root.bytes == NULL) return true;
    return request->keys.len == 0 && request->root.len == 0;
}

enum assay_status assay_result_verify(const struct assay_result_request *request, const void *token,
                                      size_t len, struct assay_result *result,
                                      enum assay_result_answer *answer)
{
    struct assay_key root;
    if (result == NULL || answer == NULL || (token == NULL && len > 0)) return ASSAY_E_INVALID;
    *answer = ASSAY_RESULT_NOT_READ;
    result->token.answer = ASSAY_RESULT_NOT_READ;
    if (is_misused(request)) return ASSAY_E_INVALID;
    if (request->keys.len > ASSAY_RESULT_KEY_SET_MAX || len > ASSAY_RESULT_BYTES_MAX)
        return ASSAY_E_RANGE;
    if (request->root.len > 0 &&
        assay_x509_root(request->root.bytes, request->root.len, &root) != ASSAY_OK)
        return ASSAY_E_KEY;
    const struct assay_token_terms terms = {
        .service = request->service,
        .issuer = request->issuer,
        .keys = slice_of(request->keys),
        .root = request->root.len > 0 ? &root : NULL,
        .audience = request->audience,
        .nonce = request->nonce,
        .at_unix_s = request->at_unix_s,
    };
    const enum assay_status status = assay_token_verify(&terms, token, len, &result->token);
    result->token.audience = NULL; /* borrowed from the request, for the call only */
    result->token.nonce = NULL;
    if (status != ASSAY_OK) result->token.answer = ASSAY_RESULT_NOT_READ;
    *answer = result->token.answer;
    return status;
}

bool assay_result_get_summary(const struct assay_result *result,
                              struct assay_result_summary *summary)
{
    if (result == NULL || summary == NULL || summary->size < sizeof *summary) return false;
    const struct assay_token *const t = &result->token;
    if (t->answer == ASSAY_RESULT_NOT_READ) return false;
    *summary = (struct assay_result_summary){
        .size = sizeof *summary, .answer = t->answer, .why = t->why, .service = t->service
    };
    if (t->answer != ASSAY_RESULT_VALID) return true;
    summary->statement = t->statement;
    assay_bytes_copy(summary->vector, sizeof summary->vector, t->vector.claims,
                     sizeof t->vector.claims);
    summary->issuer = t->issuer;
    summary->subject = t->subject;
    summary->algorithm = t->algorithm;
    summary->key_id = t->key_id;
    summary->attester = t->attester;
    summary->tcb_status = t->tcb_status;
    summary->debug = t->debug;
    summary->secure_boot = t->secure_boot;
    summary->policy_failed = t->policy_failed;
    summary->has_issued = t->has_issued;
    summary->issued_unix_s = t->issued_unix_s;
    summary->expires_unix_s = t->expires_unix_s;
    summary->devices = t->device_count;
    summary->devices_named = t->devices_named;
    return true;
}

static bool is_valid(const struct assay_result *result)
{
    return result != NULL && result->token.answer == ASSAY_RESULT_VALID;
}

bool assay_result_get_device(const struct assay_result *result, size_t index,
                             struct assay_result_device *device)
{
    if (device == NULL || device->size < sizeof *device || !is_valid(result)) return false;
    if (index >= result->token.device_count) return false;
    const struct assay_token_device *const d = &result->token.devices[index];
    *device = (struct assay_result_device){
        .size = sizeof *device,
        .label = d->label,
        .product = d->product,
        .serial = d->serial,
        .driver = d->driver,
        .firmware = d->firmware,
        .measured = d->measured,
        .debug = d->debug,
        .secure_boot = d->secure_boot,
    };
    return true;
}

static enum assay_claim_type type_of(const struct assay_tree_node *node)
{
    switch ((enum assay_tree_type)node->type) {
    case ASSAY_TREE_NULL: return ASSAY_CLAIM_NULL;
    case ASSAY_TREE_BOOL: return ASSAY_CLAIM_BOOL;
    case ASSAY_TREE_INT: return node->number < 0 ? ASSAY_CLAIM_TEXT : ASSAY_CLAIM_UINT;
    case ASSAY_TREE_REAL:
    case ASSAY_TREE_TEXT: return ASSAY_CLAIM_TEXT;
    case ASSAY_TREE_LIST: return ASSAY_CLAIM_LIST;
    case ASSAY_TREE_MAP: return ASSAY_CLAIM_MAP;
    }
    ASSAY_UNREACHABLE("the list is complete");
}

bool assay_result_get_claim(const struct assay_result *result, size_t index,
                            struct assay_result_claim *claim)
{
    if (claim == NULL || claim->size < sizeof *claim || !is_valid(result)) return false;
    const struct assay_json_tree *const tree = &result->token.claims;
    /* Node 0 is the outermost map. */
    if (index >= tree->count - 1) return false;
    const struct assay_tree_node *const node = &tree->nodes[index + 1];
    const enum assay_claim_type type = type_of(node);
    *claim = (struct assay_result_claim){
        .size = sizeof *claim,
        .key = node->key,
        .parent = node->parent == 0 ? ASSAY_RESULT_TOP : (size_t)node->parent - 1,
        .type = type,
        .number = type == ASSAY_CLAIM_TEXT ? 0 : (uint64_t)node->number,
        .text = { node->text.bytes, node->text.len },
    };
    return true;
}

const char *assay_name_of_service(enum assay_result_service service)
{
    return assay_token_service_text(service);
}

const char *assay_name_of_result(enum assay_result_answer answer)
{
    return assay_token_answer_text(answer);
}

const char *assay_name_of_statement(enum assay_result_statement statement)
{
    return assay_token_statement_text(statement);
}
