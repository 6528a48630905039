/*
 * quote/api/result.c - tokens of other verifiers, as statements of their issuers.
 */
#include "quote/result/token/issuers.h"

#include "base/assert.h"
#include "quote/api/api.h"

#include <stdio.h>
#include <stdlib.h>

_Static_assert((int)ASSAY_RESULT_BYTES_MAX == (int)ASSAY_RESULT_LEN_MAX, "one bound");
_Static_assert((int)ASSAY_RESULT_KEY_SET_MAX == (int)ASSAY_KEY_SET_LEN_MAX, "one bound");
_Static_assert(ASSAY_RESULT_ISSUERS_MAX == (int)ASSAY_TOKEN_ISSUERS_MAX, "one bound");

enum { NAMES_MAX = 131072 };

struct assay_result {
    struct assay_token token;
    size_t issuer_index;
    size_t unchecked_count;
    struct assay_open_check unchecked[ASSAY_TOKEN_UNCHECKED_MAX];
    /* --- names of claims, made with the first question for one */
    bool is_named;
    enum assay_status status; /* of that */
    uint32_t name_at[ASSAY_TREE_NODES_MAX];
    uint32_t name_len[ASSAY_TREE_NODES_MAX];
    uint16_t members[ASSAY_TREE_NODES_MAX]; /* of a list, while they are counted */
    char names[NAMES_MAX];
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

/* --- verification */
static enum assay_status check_issuer(const struct assay_result_issuer *one)
{
    if (one->size != sizeof *one) return ASSAY_E_INVALID; /* they stand in an array */
    if (one->service < ASSAY_RESULT_AZURE || one->service > ASSAY_RESULT_NVIDIA)
        return ASSAY_E_INVALID;
    if (one->issuer == NULL || one->issuer[0] == '\0') return ASSAY_E_INVALID;
    if (one->keys.len > 0 && one->keys.bytes == NULL) return ASSAY_E_INVALID;
    if (one->root.len > 0 && one->root.bytes == NULL) return ASSAY_E_INVALID;
    if (one->keys.len == 0 && one->root.len == 0) return ASSAY_E_INVALID;
    return one->keys.len > ASSAY_RESULT_KEY_SET_MAX ? ASSAY_E_RANGE : ASSAY_OK;
}

static enum assay_status check_request(const struct assay_result_request *request)
{
    if (request == NULL) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_api_check_size(request, sizeof *request, request->size));
    if (request->issuers == NULL || request->issuer_count == 0) return ASSAY_E_INVALID;
    if (request->issuer_count > ASSAY_RESULT_ISSUERS_MAX) return ASSAY_E_RANGE;
    for (size_t i = 0; i < request->issuer_count; i++)
        ASSAY_TRY(check_issuer(&request->issuers[i]));
    return ASSAY_OK;
}

static enum assay_status make_terms(const struct assay_result_request *request, size_t index,
                                    struct assay_key *root, struct assay_token_terms *terms)
{
    const struct assay_result_issuer *const one = &request->issuers[index];
    if (one->root.len > 0 && assay_x509_root(one->root.bytes, one->root.len, root) != ASSAY_OK)
        return ASSAY_E_KEY;
    *terms = (struct assay_token_terms){
        .service = one->service,
        .issuer = one->issuer,
        .keys = slice_of(one->keys),
        .root = one->root.len > 0 ? root : NULL,
        .audience = one->audience,
        .nonce = request->nonce,
        .has_age = one->has_age_max,
        .age_max_s = one->age_max_s,
        .at_unix_s = request->at_unix_s,
    };
    return ASSAY_OK;
}

static enum assay_status verify_request(const struct assay_result_request *request,
                                        const void *token, size_t len, struct assay_result *result)
{
    struct assay_key roots[ASSAY_RESULT_ISSUERS_MAX];
    struct assay_token_terms terms[ASSAY_RESULT_ISSUERS_MAX];
    ASSAY_TRY(check_request(request));
    if (len > ASSAY_RESULT_BYTES_MAX) return ASSAY_E_RANGE;
    for (size_t i = 0; i < request->issuer_count; i++)
        ASSAY_TRY(make_terms(request, i, &roots[i], &terms[i]));
    ASSAY_TRY(assay_token_verify_any(terms, request->issuer_count, token, len, &result->token,
                                     &result->issuer_index));
    if (result->token.answer == ASSAY_RESULT_VALID)
        result->unchecked_count = assay_token_list_unchecked(
            &result->token, &terms[result->issuer_index], result->unchecked);
    result->token.audience = NULL; /* borrowed from the request, for the call only */
    result->token.nonce = NULL;
    return ASSAY_OK;
}

enum assay_status assay_result_verify(const struct assay_result_request *request, const void *token,
                                      size_t len, struct assay_result *result,
                                      enum assay_result_answer *answer,
                                      enum assay_result_statement *statement)
{
    if (answer != NULL) *answer = ASSAY_RESULT_NOT_READ;
    if (statement != NULL) *statement = ASSAY_STATED_NOTHING;
    if (result == NULL) return ASSAY_E_INVALID;
    result->token.answer = ASSAY_RESULT_NOT_READ;
    result->unchecked_count = 0;
    result->is_named = false;
    if (answer == NULL || statement == NULL || (token == NULL && len > 0)) return ASSAY_E_INVALID;
    const enum assay_status status = verify_request(request, token, len, result);
    if (status != ASSAY_OK) {
        result->token.answer = ASSAY_RESULT_NOT_READ;
        return status;
    }
    *answer = result->token.answer;
    if (*answer == ASSAY_RESULT_VALID) *statement = result->token.statement;
    return ASSAY_OK;
}

/* --- what a valid one states */
bool assay_result_get_summary(const struct assay_result *result,
                              struct assay_result_summary *summary)
{
    if (result == NULL || summary == NULL || summary->size < sizeof *summary) return false;
    const struct assay_token *const t = &result->token;
    if (t->answer == ASSAY_RESULT_NOT_READ) return false;
    *summary = (struct assay_result_summary){
        .size = sizeof *summary,
        .answer = t->answer,
        .why = t->why,
        .issuer_index = result->issuer_index,
        .service = t->service,
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

bool assay_result_get_unchecked(const struct assay_result *result, size_t index,
                                struct assay_unchecked *unchecked)
{
    if (unchecked == NULL || unchecked->size < sizeof *unchecked || !is_valid(result)) return false;
    if (index >= result->unchecked_count) return false;
    *unchecked = (struct assay_unchecked){
        .size = sizeof *unchecked,
        .what = result->unchecked[index].what,
        .why = result->unchecked[index].why,
    };
    return true;
}

/* The complete name of a node whose parent has one: that, a dot, its key or its place in a list. */
static enum assay_status name_node(struct assay_result *r, size_t i, struct assay_writer *w)
{
    const struct assay_tree_node *const node = &r->token.claims.nodes[i];
    const struct assay_tree_node *const parent = &r->token.claims.nodes[node->parent];
    const bool is_in_list = parent->type == ASSAY_TREE_LIST;
    char place[sizeof "65535"];
    const char *const key = is_in_list ? place : node->key;
    if (is_in_list) (void)snprintf(place, sizeof place, "%u", (unsigned)r->members[node->parent]++);
    r->name_at[i] = (uint32_t)w->len;
    if (node->parent != 0) {
        assay_writer_put(w, r->names + r->name_at[node->parent], r->name_len[node->parent]);
        assay_writer_u8(w, '.');
    }
    assay_writer_put(w, key, assay_text_len(key, ASSAY_TREE_TEXT_MAX));
    r->name_len[i] = (uint32_t)w->len - r->name_at[i];
    assay_writer_u8(w, '\0');
    return w->full ? ASSAY_E_FULL : ASSAY_OK;
}

/* Parents stand in front of their members, so one pass names all. Node 0 is the outermost map. */
static enum assay_status name_claims(struct assay_result *r)
{
    struct assay_writer w = assay_writer_over(r->names, sizeof r->names);
    assay_bytes_zero(r->members, sizeof r->members);
    for (size_t i = 1; i < r->token.claims.count; i++)
        ASSAY_TRY(name_node(r, i, &w));
    return ASSAY_OK;
}

/* The object is its owner's alone, so the first question may fill it. */
static enum assay_status open_claims(const struct assay_result *result,
                                     const struct assay_claim_value *claim)
{
    if (claim == NULL || claim->size < sizeof *claim) return ASSAY_E_INVALID;
    if (!is_valid(result)) return ASSAY_E_NOT_FOUND;
    struct assay_result *const r = (struct assay_result *)(uintptr_t)result;
    if (!r->is_named) r->status = name_claims(r);
    r->is_named = true;
    return r->status;
}

static void fill_claim(const struct assay_result *r, size_t i, struct assay_claim_value *claim)
{
    const struct assay_tree_node *const node = &r->token.claims.nodes[i];
    const enum assay_claim_type type = type_of(node);
    *claim = (struct assay_claim_value){
        .size = sizeof *claim,
        .name = r->names + r->name_at[i],
        .type = type,
        .number = type == ASSAY_CLAIM_TEXT ? 0 : (uint64_t)node->number,
        .bytes = { node->text.bytes, node->text.len },
    };
}

enum assay_status assay_result_get_claim_at(const struct assay_result *result, size_t index,
                                            struct assay_claim_value *claim)
{
    ASSAY_TRY(open_claims(result, claim));
    if (index >= result->token.claims.count - 1) return ASSAY_E_NOT_FOUND;
    fill_claim(result, index + 1, claim);
    return ASSAY_OK;
}

enum assay_status assay_result_get_claim(const struct assay_result *result, const char *name,
                                         struct assay_claim_value *claim)
{
    size_t found = 0;
    if (name == NULL) return ASSAY_E_INVALID;
    ASSAY_TRY(open_claims(result, claim));
    for (size_t i = 1; i < result->token.claims.count; i++) {
        if (assay_text_compare(result->names + result->name_at[i], name, SIZE_MAX) != 0) continue;
        if (found != 0) return ASSAY_E_DUPLICATE;
        found = i;
    }
    if (found == 0) return ASSAY_E_NOT_FOUND;
    fill_claim(result, found, claim);
    return ASSAY_OK;
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
