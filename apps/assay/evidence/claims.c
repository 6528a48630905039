/*
 * apps/assay/evidence/claims.c - claims of evidence as JSON, and the proofs of a verdict.
 */
#include "apps/assay/evidence/claims.h"

#include "base/assert.h"
#include "quote/kinds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- claims */

/* Of a list or map, or the document itself. */
struct tree {
    struct assay_json *top;
    struct assay_json *nodes[ASSAY_CLAIMS_MAX];
};

static void add_text(struct assay_json *to, bool in_list, const char *key, const char *text,
                     size_t len)
{
    if (!in_list) assay_json_set_text_n(to, key, text, len);
    else assay_json_append_text(to, text);
}

static void add_hex(struct assay_json *to, bool in_list, const char *key, struct assay_slice bytes)
{
    char *const text = malloc(2 * bytes.len + 1);
    if (text == NULL) return; /* the document lacks it, as with any other failed allocation */
    assay_hex_encode(bytes.bytes, bytes.len, text, 2 * bytes.len + 1);
    add_text(to, in_list, key, text, 2 * bytes.len);
    free(text);
}

static void add_number(struct assay_json *to, bool in_list, const struct assay_claim_entry *entry)
{
    char text[17];
    if (entry->digits > 0) {
        (void)snprintf(text, sizeof text, "%0*" PRIx64, (int)entry->digits, entry->number);
        add_text(to, in_list, entry->key, text, strlen(text));
    } else if (in_list) assay_json_append_uint(to, entry->number);
    else assay_json_set_uint(to, entry->key, entry->number);
}

static struct assay_json *add_node(struct assay_json *to, bool in_list, const char *key, bool list)
{
    struct assay_json *const made = list ? assay_json_array() : assay_json_object();
    if (in_list) assay_json_append(to, made);
    else assay_json_set(to, key, made);
    return made;
}

static void add_claim(struct tree *tree, const struct assay_claims *claims, size_t index)
{
    const struct assay_claim_entry *const entry = &claims->entries[index];
    const bool is_top = entry->parent == ASSAY_CLAIM_TOP;
    struct assay_json *const to = is_top ? tree->top : tree->nodes[entry->parent];
    const bool in_list = !is_top && claims->entries[entry->parent].type == ASSAY_CLAIM_LIST;
    switch ((enum assay_claim_type)entry->type) {
    case ASSAY_CLAIM_NULL:
        if (in_list) assay_json_append_null(to);
        else assay_json_set_null(to, entry->key);
        return;
    case ASSAY_CLAIM_BOOL: /* of no list */
        ASSAY_ASSERT(!in_list);
        assay_json_set_bool(to, entry->key, entry->number != 0);
        return;
    case ASSAY_CLAIM_UINT: add_number(to, in_list, entry); return;
    case ASSAY_CLAIM_TEXT:
        add_text(to, in_list, entry->key, (const char *)entry->bytes.bytes, entry->bytes.len);
        return;
    case ASSAY_CLAIM_BYTES: add_hex(to, in_list, entry->key, entry->bytes); return;
    case ASSAY_CLAIM_LIST:
    case ASSAY_CLAIM_MAP:
        tree->nodes[index] = add_node(to, in_list, entry->key, entry->type == ASSAY_CLAIM_LIST);
        return;
    }
    ASSAY_UNREACHABLE("a type of claims");
}

/* The map of details ends the list: what stands before it, or its members. */
static struct assay_json *make_tree(const struct assay_claims *claims, bool details)
{
    struct tree tree = { .top = assay_json_object() };
    const struct assay_claim_entry *const map = assay_claims_find(claims, ASSAY_CLAIMS_DETAILS);
    const size_t at = map == NULL ? claims->count : (size_t)(map - claims->entries);
    if (at < claims->count) tree.nodes[at] = tree.top;
    for (size_t i = details ? at + 1 : 0; i < (details ? claims->count : at); i++)
        if (tree.top != NULL) add_claim(&tree, claims, i);
    return tree.top;
}

struct assay_json *cli_claims_json(const struct assay_claims *claims)
{
    return make_tree(claims, false);
}

static enum assay_status read_tree(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len,
                                   bool details, struct assay_json **out)
{
    struct assay_claims *const claims = malloc(sizeof *claims);
    if (claims == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = assay_claims_read(kind, bytes, len, claims);
    if (status == ASSAY_OK) *out = make_tree(claims, details);
    free(claims);
    if (status != ASSAY_OK) return status;
    return *out != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
}

enum assay_status cli_claims_of(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len,
                                struct assay_json **claims)
{
    return read_tree(kind, bytes, len, false, claims);
}

enum assay_status cli_details_of(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len,
                                 struct assay_json **details)
{
    return read_tree(kind, bytes, len, true, details);
}

/* --- proofs */
static void add_proof(struct assay_json *object, const char *name, enum assay_proof_state state)
{
    if (state == ASSAY_PROOF_TRUE || state == ASSAY_PROOF_FALSE)
        assay_json_set_bool(object, name, state == ASSAY_PROOF_TRUE);
    else assay_json_set_null(object, name);
}

void cli_claims_add_proofs(struct assay_json *claims, const struct assay_verdict *verdict)
{
    if (claims == NULL) return;
    struct assay_json *const links = assay_json_object();
    struct assay_kind row;
    const uint32_t used = assay_kind_find(verdict->kind, &row) == ASSAY_OK ? row.proofs : 0;
    for (uint32_t i = 0; i < ASSAY_PROOF_COUNT; i++) {
        if ((used >> i & 1u) == 0) continue;
        const enum assay_proof_state state = (enum assay_proof_state)verdict->proofs[i];
        /* Where the key is certified itself, its certifier has looked at the TPM's certificate. */
        if (i == ASSAY_PROOF_EK_CHAIN && state == ASSAY_PROOF_NOT_USED) continue;
        add_proof(links, assay_verdict_proof_name((enum assay_proof)i), state);
        add_proof(claims, assay_verdict_proof_name((enum assay_proof)i), state);
    }
    assay_json_set(claims, "links", links);
}
