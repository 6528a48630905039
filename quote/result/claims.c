/*
 * quote/result/claims.c - list of typed claims, and dispatch by kind of evidence.
 */
#include "quote/result/claims.h"

#include "base/assert.h"
#include "quote/kinds.h"
#include "quote/text.h"
#include "quote/verify.h"

enum { NAME_MAX_LEN = 64 };

/* --- kinds; quotes share one function */
static const struct reader {
    enum assay_evidence_kind kind;
    enum assay_status (*read)(const struct assay_package *package, struct assay_claims *out);
} readers[] = {
    { ASSAY_KIND_SNP, assay_claims_of_snp },
    { ASSAY_KIND_NITRO, assay_claims_of_nitro },
    { ASSAY_KIND_TPM, assay_claims_of_tpm },
    { ASSAY_KIND_VTPM_SNP, assay_claims_of_vtpm },
    { ASSAY_KIND_VTPM_TDX, assay_claims_of_vtpm },
    { ASSAY_KIND_CCA, assay_claims_of_cca },
    { ASSAY_KIND_NITRO_TPM, assay_claims_of_nitro },
    { ASSAY_KIND_NVIDIA_GPU, assay_claims_of_nvidia },
    { ASSAY_KIND_NVIDIA_SWITCH, assay_claims_of_nvidia },
};

static enum assay_status read_package(const struct assay_package *package, struct assay_claims *out)
{
    if ((ASSAY_KINDS_QUOTE & ASSAY_KIND_BIT(package->kind)) != 0) {
        ASSAY_TRY(assay_claims_of_quote(package->kind, package->main, out));
        return assay_claims_details_of_quote(package->kind, package->main, out);
    }
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (readers[i].kind == package->kind) return readers[i].read(package, out);
    return ASSAY_E_UNSUPPORTED;
}

enum assay_status assay_claims_read(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len,
                                    struct assay_claims *claims)
{
    struct assay_package package;
    assay_claims_init(claims);
    enum assay_status status = assay_package_read(kind, bytes, len, &package);
    if (status == ASSAY_OK) status = read_package(&package, claims);
    if (status == ASSAY_OK && claims->full) status = ASSAY_E_FULL;
    ASSAY_ASSERT(status != ASSAY_OK || claims->depth == 0);
    if (status != ASSAY_OK) assay_claims_init(claims);
    return status;
}

const char *assay_claims_type_text(enum assay_claim_type type)
{
    switch (type) {
    case ASSAY_CLAIM_NULL: return "null";
    case ASSAY_CLAIM_BOOL: return "bool";
    case ASSAY_CLAIM_UINT: return "uint";
    case ASSAY_CLAIM_TEXT: return "text";
    case ASSAY_CLAIM_BYTES: return "bytes";
    case ASSAY_CLAIM_LIST: return "list";
    case ASSAY_CLAIM_MAP: return "map";
    }
    return "unknown";
}

const struct assay_claim_entry *assay_claims_find(const struct assay_claims *claims,
                                                  const char *name)
{
    ASSAY_ASSERT(claims->count <= ASSAY_CLAIMS_MAX);
    for (size_t i = 0; i < claims->count; i++)
        if (assay_text_compare(claims->entries[i].name, name, NAME_MAX_LEN) == 0)
            return &claims->entries[i];
    return NULL;
}

/* --- filling */
void assay_claims_init(struct assay_claims *c)
{
    c->count = 0;
    c->full = false;
    c->used = 0;
    c->depth = 0;
    c->open[0] = ASSAY_CLAIM_TOP;
}

/* Copied, and a NUL behind it. Returns: where; NULL when there is no room. */
static uint8_t *copy_value(struct assay_claims *c, const void *bytes, size_t len)
{
    ASSAY_ASSERT(c->used <= ASSAY_CLAIMS_SPACE);
    if (len >= ASSAY_CLAIMS_SPACE - c->used) {
        c->full = true;
        return NULL;
    }
    uint8_t *const at = c->space + c->used;
    assay_bytes_copy(at, ASSAY_CLAIMS_SPACE - c->used, bytes, len);
    at[len] = '\0';
    c->used += len + 1;
    return at;
}

/* The name of the parent, a dot, the key. Out: entry->name, entry->key */
static void set_name(struct assay_claims *c, struct assay_claim_entry *entry, const char *key)
{
    struct assay_text name = assay_text_empty(); /* of fewer than 3 short parts */
    size_t at = 0;
    if (entry->parent != ASSAY_CLAIM_TOP) {
        assay_text_add(&name, c->entries[entry->parent].name);
        assay_text_add(&name, ".");
        at = name.len;
    }
    if (key != NULL) assay_text_add(&name, key);
    else assay_text_add_u64(&name, c->entries[entry->parent].number);
    ASSAY_ASSERT(name.len > at && name.len < NAME_MAX_LEN);
    entry->name = (const char *)copy_value(c, name.text, name.len);
    entry->key = entry->name == NULL ? NULL : entry->name + at;
}

/* Returns: the new entry, NULL when there is no room. */
static struct assay_claim_entry *add_entry(struct assay_claims *c, const char *key,
                                           enum assay_claim_type type)
{
    ASSAY_ASSERT(c->depth <= ASSAY_CLAIMS_DEPTH);
    const uint16_t parent = c->open[c->depth];
    if (c->full || c->count == ASSAY_CLAIMS_MAX) {
        c->full = true;
        return NULL;
    }
    ASSAY_ASSERT(parent == ASSAY_CLAIM_TOP || parent < c->count);
    ASSAY_ASSERT(key != NULL ||
                 (parent != ASSAY_CLAIM_TOP && c->entries[parent].type == ASSAY_CLAIM_LIST));
    struct assay_claim_entry *const entry = &c->entries[c->count];
    *entry = (struct assay_claim_entry){ .parent = parent, .type = (uint8_t)type };
    set_name(c, entry, key);
    if (entry->name == NULL) return NULL;
    if (parent != ASSAY_CLAIM_TOP) c->entries[parent].number += 1;
    c->count += 1;
    return entry;
}

void assay_claims_open(struct assay_claims *c, const char *key, enum assay_claim_type type)
{
    ASSAY_ASSERT(type == ASSAY_CLAIM_LIST || type == ASSAY_CLAIM_MAP);
    ASSAY_ASSERT(c->depth < ASSAY_CLAIMS_DEPTH);
    const struct assay_claim_entry *const entry = add_entry(c, key, type);
    c->depth += 1;
    /* Of a full list nothing is added any more. */
    c->open[c->depth] = entry == NULL ? ASSAY_CLAIM_TOP : (uint16_t)(entry - c->entries);
}

void assay_claims_close(struct assay_claims *c)
{
    ASSAY_ASSERT(c->depth > 0);
    c->depth -= 1;
}

void assay_claims_add_null(struct assay_claims *c, const char *key)
{
    (void)add_entry(c, key, ASSAY_CLAIM_NULL);
}

void assay_claims_add_bool(struct assay_claims *c, const char *key, bool value)
{
    struct assay_claim_entry *const entry = add_entry(c, key, ASSAY_CLAIM_BOOL);
    if (entry != NULL) entry->number = value;
}

void assay_claims_add_uint(struct assay_claims *c, const char *key, uint64_t value)
{
    assay_claims_add_bits(c, key, value, 0);
}

void assay_claims_add_bits(struct assay_claims *c, const char *key, uint64_t value, uint8_t digits)
{
    struct assay_claim_entry *const entry = add_entry(c, key, ASSAY_CLAIM_UINT);
    if (entry == NULL) return;
    entry->number = value;
    entry->digits = digits;
}

static void set_value(struct assay_claims *c, struct assay_claim_entry *entry, const void *bytes,
                      size_t len)
{
    if (entry == NULL) return;
    const uint8_t *const copy = copy_value(c, bytes, len);
    if (copy != NULL) entry->bytes = assay_slice_over(copy, len);
}

void assay_claims_add_text(struct assay_claims *c, const char *key, const char *text)
{
    set_value(c, add_entry(c, key, ASSAY_CLAIM_TEXT), text, assay_text_len(text, SIZE_MAX));
}

void assay_claims_add_text_n(struct assay_claims *c, const char *key, struct assay_slice text)
{
    set_value(c, add_entry(c, key, ASSAY_CLAIM_TEXT), text.bytes, text.len);
}

void assay_claims_add_bytes(struct assay_claims *c, const char *key, const uint8_t *bytes,
                            size_t len)
{
    set_value(c, add_entry(c, key, ASSAY_CLAIM_BYTES), bytes, len);
}

void assay_claims_set_bytes(struct assay_claims *c, const char *name, const uint8_t *bytes,
                            size_t len)
{
    const struct assay_claim_entry *const there = assay_claims_find(c, name);
    if (there == NULL) {
        assay_claims_add_bytes(c, name, bytes, len);
        return;
    }
    ASSAY_ASSERT(there->type == ASSAY_CLAIM_BYTES);
    set_value(c, &c->entries[there - c->entries], bytes, len);
}
