/*
 * services/identity/ceremony_holder_deal.c - offers and dealings of a holder
 * (docs/identity.md 3.11).
 */
#include "services/identity/ceremony_holder_internal.h"

#include "base/crypto.h"

#include <string.h>

enum { WIDE = ASSAY_SODIUM_WIDE_LEN };

/* --- offers */

static enum assay_status draw_secret(struct assay_ceremony_holder *h,
                                     const struct assay_ceremony_name *name,
                                     struct assay_ceremony_effect *out)
{
    uint8_t wide[WIDE];
    ASSAY_TRY(ceremony_holder_draw(h, wide, sizeof wide));
    assay_sodium_scalar_from(wide, &h->storing_secret);
    assay_secret_wipe(wide, sizeof wide);
    if (!assay_sodium_scalar_is_fit(&h->storing_secret)) return ASSAY_E_CRYPTO;
    assay_bytes_copy(out->buffer, sizeof out->buffer, h->storing_secret.bytes, 32);
    ceremony_holder_store(h, out, name, ASSAY_CEREMONY_SECRET, 0, 0,
                          assay_slice_over(out->buffer, 32));
    return ASSAY_OK;
}

static enum assay_status write_offer(const struct assay_ceremony_holder *h,
                                     const struct assay_ca_scope *scope,
                                     const struct assay_secret32 *secret, uint8_t *bytes,
                                     size_t capacity, struct assay_slice *out)
{
    const struct assay_ceremony_entry *entry = &h->entry;
    struct assay_ca_offer_record record = { .scope = *scope,
                                            .entry = assay_slice_over(entry->entry, entry->len),
                                            .place = entry->place,
                                            .count = entry->count,
                                            .path_len = entry->path_len };
    uint8_t wide[WIDE], label[32], digest[32];
    ASSAY_ASSERT(entry->len > 0);
    assay_bytes_copy(record.path, sizeof record.path, entry->path, sizeof entry->path);
    assay_bytes_copy(record.link_key, 32, h->config.link_key, 32);
    record.address_len = (uint8_t)strlen(h->config.address);
    assay_bytes_copy(record.address, sizeof record.address, h->config.address, record.address_len);
    ASSAY_TRY(ceremony_holder_draw(h, wide, sizeof wide));
    assay_ca_offer_label(h->config.chain_id, scope, label);
    const enum assay_status status =
        assay_dealing_prove(secret, label, wide, record.encryption, &record.encryption_proof);
    assay_secret_wipe(wide, sizeof wide);
    if (status != ASSAY_OK) return ASSAY_E_CRYPTO;
    assay_ca_offer_statement(h->config.chain_id, &record, digest);
    ceremony_holder_sign(h, digest, record.signature);
    return assay_ca_offer_encode(&record, bytes, capacity, out);
}

enum assay_status ceremony_holder_offer(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                        struct assay_ceremony_effect *out)
{
    struct assay_ca_scope scope;
    struct assay_slice bytes;
    struct assay_ceremony_attempt *a = ceremony_holder_running(h, ca);
    if (h->entry.len == 0 || !ceremony_holder_scope(h, ca, &scope)) return ASSAY_OK;
    const struct assay_ceremony_name name = ceremony_holder_name(&scope);
    /* An offer of this member is there: this one, or that of another process or an older disk. */
    if (assay_ca_holder_of_node(&ca->ceremony.next, h->config.node_id) != UINT32_MAX)
        return ASSAY_OK;
    if (a != NULL && a->has_offer && !a->has_secret) { /* the secret was in memory alone */
        out->action = ASSAY_CEREMONY_ERASE;
        out->item = (struct assay_ceremony_item){ .kind = ASSAY_CEREMONY_SECRET, .name = name };
        return ASSAY_OK;
    }
    if (a == NULL || !a->has_secret) return draw_secret(h, &name, out);
    if (!a->has_offer) {
        ASSAY_TRY(write_offer(h, &scope, &a->secret, out->buffer, sizeof out->buffer, &bytes));
        ceremony_holder_store(h, out, &name, ASSAY_CEREMONY_RECORD, ASSAY_CEREMONY_OFFER, 0, bytes);
        return ASSAY_OK;
    }
    ceremony_holder_submit(out, &name, ASSAY_CEREMONY_OFFER, 0, &a->offered);
    return ASSAY_OK;
}

/* --- dealings */

/* Secrets of a dealing while it is made; wiped before its record is stored. */
struct dealer {
    struct assay_sharing_polynomial polynomial;
    struct assay_secret32 r, value;
    uint8_t wide[ASSAY_FROST_SIGNERS_MAX * WIDE];
};

static enum assay_status seal_values(const struct assay_ceremony_holder *h,
                                     const struct assay_ca *ca, struct dealer *d,
                                     struct assay_ca_deal_record *record)
{
    const struct assay_ca_sharing *next = &ca->ceremony.next;
    uint8_t label[32];
    record->receivers = next->count;
    for (uint32_t j = 1; j <= next->count; j++) {
        const struct assay_ca_holder *row = &next->holder[assay_ca_holder_of_index(next, j)];
        ASSAY_TRY(assay_sharing_evaluate(&d->polynomial, j, &d->value));
        assay_ca_value_label(h->config.chain_id, &record->scope, record->dealer, j, label);
        ASSAY_TRY(
            assay_dealing_seal(&d->r, row->encryption, label, &d->value, record->sealed[j - 1]));
    }
    return ASSAY_OK;
}

/* docs/identity.md 3.11: coefficients are fresh random bytes, never derived. */
static enum assay_status fill_dealing(const struct assay_ceremony_holder *h,
                                      const struct assay_ca *ca,
                                      const struct assay_secret32 *constant, struct dealer *d,
                                      struct assay_ca_deal_record *record)
{
    const uint32_t threshold = ca->ceremony.next.threshold;
    uint8_t label[32];
    ASSAY_TRY(ceremony_holder_draw(h, d->wide, (size_t)threshold * WIDE));
    ASSAY_TRY(
        assay_sharing_deal(threshold, constant, d->wide, &d->polynomial, &record->commitments));
    ASSAY_TRY(ceremony_holder_draw(h, d->wide, WIDE));
    assay_sodium_scalar_from(d->wide, &d->r);
    ASSAY_TRY(assay_sodium_point_base(&d->r, record->dealt));
    ASSAY_TRY(seal_values(h, ca, d, record));
    record->has_constant_proof = constant == NULL;
    if (constant == NULL) {
        ASSAY_TRY(ceremony_holder_draw(h, d->wide, WIDE));
        assay_ca_constant_label(h->config.chain_id, &record->scope, record->dealer, label);
        ASSAY_TRY(assay_sharing_prove(&d->polynomial, label, d->wide, &record->constant_proof));
    }
    ASSAY_TRY(ceremony_holder_draw(h, d->wide, WIDE));
    assay_ca_deal_label(h->config.chain_id, record, label);
    return assay_dealing_prove(&d->r, label, d->wide, record->dealt, &record->dealt_proof);
}

static enum assay_status write_dealing(const struct assay_ceremony_holder *h,
                                       const struct assay_ca *ca,
                                       const struct assay_ca_scope *scope, uint32_t number,
                                       const struct assay_secret32 *constant,
                                       struct assay_ceremony_effect *out, struct assay_slice *bytes)
{
    struct assay_ca_deal_record record = { .scope = *scope, .dealer = number };
    struct dealer d;
    uint8_t digest[32];
    const enum assay_status status = fill_dealing(h, ca, constant, &d, &record);
    assay_secret_wipe(&d, sizeof d);
    if (status != ASSAY_OK) return status;
    assay_ca_deal_statement(h->config.chain_id, &record, digest);
    ceremony_holder_sign(h, digest, record.signature);
    return assay_ca_deal_encode(&record, out->buffer, sizeof out->buffer, bytes);
}

/* Returns: whether this holder deals as this dealer, and in a reshare *constant: its old share. */
static bool is_own_dealer(const struct assay_ceremony_holder *h, const struct assay_ca *ca,
                          uint32_t number, const struct assay_secret32 **constant)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    const struct assay_ceremony_sharing *own = ceremony_holder_in_force(h, ca, c->ca_number);
    const struct assay_ca_holder *row =
        &assay_ca_dealers(ca)->holder[assay_ca_holder_of_dealer(ca, number)];
    if (row->lost || !assay_bytes_equal(row->node_id, h->config.node_id, 32) ||
        !assay_bytes_equal(row->key, h->key, 32))
        return false;
    *constant = NULL;
    if (!c->is_reshare) return true;
    for (uint32_t i = 0; own != NULL && i < own->count; i++)
        if (own->index[i] == number) *constant = &own->share[i];
    return *constant != NULL;
}

enum assay_status ceremony_holder_deal(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                       struct assay_ceremony_effect *out)
{
    struct assay_ca_scope scope;
    struct assay_slice bytes;
    if (!ceremony_holder_scope(h, ca, &scope)) return ASSAY_OK;
    const struct assay_ceremony_name name = ceremony_holder_name(&scope);
    struct assay_ceremony_attempt *a = ceremony_holder_running(h, ca);
    for (uint32_t d = 1; d <= ca->ceremony.dealers && out->action == ASSAY_CEREMONY_NOTHING; d++) {
        const struct assay_secret32 *constant;
        const bool is_there = ca->ceremony.dealing[d - 1].state != ASSAY_CA_DEALING_NONE;
        if (is_there || !assay_ca_is_turn(ca, d) || !is_own_dealer(h, ca, d, &constant)) continue;
        if (a != NULL && a->has_deal[d]) {
            ceremony_holder_submit(out, &name, ASSAY_CEREMONY_DEAL, d, &a->dealt[d]);
            continue;
        }
        ASSAY_TRY(write_dealing(h, ca, &scope, d, constant, out, &bytes));
        ceremony_holder_store(h, out, &name, ASSAY_CEREMONY_RECORD, ASSAY_CEREMONY_DEAL, d, bytes);
    }
    return ASSAY_OK;
}

/* --- contact: link key, address, the list of keys in which the entry is */

static bool needs_contact(const struct assay_ceremony_holder *h, const struct assay_ca *ca,
                          const struct assay_ca_holder *row)
{
    const size_t len = strlen(h->config.address);
    if (row->lost || h->entry.len == 0 || !assay_bytes_equal(row->key, h->key, 32)) return false;
    if (!assay_bytes_equal(row->link_key, h->config.link_key, 32)) return !h->was_listed;
    return row->address_len != len || !assay_bytes_equal(row->address, h->config.address, len) ||
           !assay_bytes_equal(row->keys_root, ca->member[row->slot].keys_root, 32);
}

/* Not while offers are made: there the newest counts, and it must have the stored secret. */
static const struct assay_ca_holder *row_to_renew(const struct assay_ceremony_holder *h,
                                                  const struct assay_ca *ca)
{
    const struct assay_ca_sharing *const of[] = { &ca->force, &ca->next.force, &ca->ceremony.next };
    if (ca->ceremony.phase == ASSAY_CA_OFFERS) return NULL;
    for (uint32_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        const uint32_t place = assay_ca_holder_of_node(of[i], h->config.node_id);
        if (place != UINT32_MAX && needs_contact(h, ca, &of[i]->holder[place]))
            return &of[i]->holder[place];
    }
    return NULL;
}

static enum assay_status offer_contact(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                       struct assay_ceremony_effect *out)
{
    struct assay_ca_scope scope;
    (void)ceremony_holder_scope(h, ca, &scope);
    const struct assay_ceremony_name name = ceremony_holder_name(&scope);
    if (h->contact_offered) return ASSAY_OK;
    if (h->contact_len == 0 || !ceremony_holder_is_name_equal(&h->contact_name, &name)) {
        uint8_t wide[WIDE];
        struct assay_secret32 unused;
        struct assay_slice bytes;
        ASSAY_TRY(ceremony_holder_draw(h, wide, sizeof wide));
        assay_sodium_scalar_from(wide, &unused); /* nothing is ever encrypted to it */
        const enum assay_status status =
            write_offer(h, &scope, &unused, h->contact, sizeof h->contact, &bytes);
        assay_secret_wipe(&unused, sizeof unused);
        assay_secret_wipe(wide, sizeof wide);
        if (status != ASSAY_OK) return status;
        h->contact_len = bytes.len;
        h->contact_name = name;
    }
    h->contact_offered = true;
    assay_bytes_copy(out->buffer, sizeof out->buffer, h->contact, h->contact_len);
    out->bytes = assay_slice_over(out->buffer, h->contact_len);
    out->action = ASSAY_CEREMONY_SUBMIT_BYTES;
    out->item = (struct assay_ceremony_item){ .kind = ASSAY_CEREMONY_RECORD,
                                              .name = name,
                                              .record = ASSAY_CEREMONY_OFFER };
    return ASSAY_OK;
}

/* A HAVE for a generation in force counts later, too. Its bytes are those of the first time:
 * Ed25519 signs the same bytes the same. number: the active or the next one; table: zeros: its
 * shares are gone (docs/identity.md 3.11.1). */
static enum assay_status say_late(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                  uint32_t number, const uint8_t table[static 32],
                                  struct assay_ceremony_effect *out)
{
    struct assay_ca_have_record record = { 0 };
    uint8_t digest[32];
    bool *const said = number == ca->ca_number ? &h->late_said : &h->next_said;
    if (*said) return ASSAY_OK;
    assay_ca_force_scope(ca, number, h->config.node_id, h->key, &record.scope);
    assay_bytes_copy(record.digest, 32, table, 32);
    assay_ca_have_statement(h->config.chain_id, &record, digest);
    ceremony_holder_sign(h, digest, record.signature);
    ASSAY_TRY(assay_ca_have_encode(&record, out->buffer, sizeof out->buffer, &out->bytes));
    *said = true;
    out->action = ASSAY_CEREMONY_SUBMIT_BYTES;
    out->item = (struct assay_ceremony_item){ .kind = ASSAY_CEREMONY_RECORD,
                                              .name = ceremony_holder_name(&record.scope),
                                              .record = ASSAY_CEREMONY_HAVE };
    return ASSAY_OK;
}

/* The ledger counts on shares of the active or the next number that are here, or on those that are
 * not. The process that the ledger names says so: another one, with an older disk, does not speak
 * for it. */
static enum assay_status correct_ledger(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                        uint32_t number, struct assay_ceremony_effect *out)
{
    static const uint8_t none[32] = { 0 };
    const struct assay_ca_sharing *s = assay_ca_sharing_of(ca, number);
    const uint32_t place = s != NULL ? assay_ca_holder_of_node(s, h->config.node_id) : UINT32_MAX;
    if (place == UINT32_MAX) return ASSAY_OK;
    const struct assay_ca_holder *row = &s->holder[place];
    const bool has = ceremony_holder_in_force(h, ca, number) != NULL;
    if (row->lost || row->has == has || !assay_bytes_equal(row->key, h->key, 32)) return ASSAY_OK;
    if (has) return say_late(h, ca, number, s->table, out);
    if (!assay_bytes_equal(row->link_key, h->config.link_key, 32)) return ASSAY_OK;
    return say_late(h, ca, number, none, out);
}

enum assay_status ceremony_holder_idle(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                       struct assay_ceremony_effect *out)
{
    const uint32_t number[] = { ca->ca_number, ca->next.number };
    for (uint32_t i = 0; i < 2 && out->action == ASSAY_CEREMONY_NOTHING; i++)
        ASSAY_TRY(correct_ledger(h, ca, number[i], out));
    if (out->action == ASSAY_CEREMONY_NOTHING && row_to_renew(h, ca) != NULL)
        return offer_contact(h, ca, out);
    return ASSAY_OK;
}
