/*
 * net/documents/document_keys.c - document of the workload keys of members, each with its verdict.
 */
#include "net/documents/document.h"
#include "net/documents/key_verdict.h"

/* Null where this node cannot tell. */
static void set_active(struct assay_json *object, enum assay_authz_verdict verdict, bool active)
{
    if (assay_authz_verdict_is_undecided(verdict)) assay_json_set_null(object, "active");
    else assay_json_set_bool(object, "active", active);
}

static void set_undecided(struct assay_json *object, const struct assay_authz_survey *survey)
{
    if (survey->node == ASSAY_KEY_ACTIVE) assay_json_set_null(object, "undecided");
    else assay_json_set_text(object, "undecided", assay_authz_verdict_code(survey->node));
}

static struct assay_json *entry_document(const struct assay_authz_survey *survey,
                                         const struct assay_authz_listing *listing)
{
    const struct assay_declared_key *key = listing->key;
    const enum assay_authz_verdict verdict = assay_authz_survey_verdict(survey, listing);
    struct assay_json *object = assay_json_object();
    assay_json_set_text(object, "purpose", assay_declared_purpose_text(key->purpose));
    assay_json_set_text_n(object, "name", key->name.bytes, key->name.len);
    struct assay_json *audiences = assay_json_set_array(object, "audiences");
    for (uint32_t i = 0; i < key->audience_count; i++) {
        char text[ASSAY_DECLARED_KEY_AUDIENCE_MAX + 1] = "";
        assay_bytes_copy(text, sizeof text - 1, key->audiences[i].bytes, key->audiences[i].len);
        assay_json_append_text(audiences, text);
    }
    assay_json_set_hex(object, "spki_sha256", listing->spki_sha256, 32);
    assay_json_set_hex(object, "spki", key->spki.bytes, key->spki.len);
    assay_json_set_bool(object, "declared", listing->is_declared);
    assay_json_set_bool(object, "certified", listing->is_certified);
    assay_json_set_bool(object, "granted",
                        verdict == ASSAY_KEY_ACTIVE &&
                            assay_authz_listing_is_granted(survey->s, listing));
    set_active(object, verdict, verdict == ASSAY_KEY_ACTIVE);
    assay_json_set_text(object, "reason", assay_authz_verdict_code(verdict));
    assay_json_set_text(object, "reason_text", assay_authz_verdict_text(verdict));
    return object;
}

/* Of all keys of a member. In a network below the level that is the reason. */
static void set_state(struct assay_json *object, const struct assay_authz_survey *survey,
                      uint32_t slot)
{
    const struct assay_snapshot *const s = survey->s;
    const struct assay_member_keys_snapshot *keys = &s->members[slot].ledger.keys;
    const bool is_complete = assay_authz_table_has_lists(s->keys, slot, keys);
    const char *text = assay_keys_state_text(keys->state);
    if (!keys->is_keyed)
        text = "the feature level of the network has no workload keys: level 6 has them";
    else if (!is_complete) text = assay_authz_verdict_text(ASSAY_KEY_LISTS_MISSING);
    else if (!keys->is_declared && keys->keys_epoch == 0) text = "it has declared no keys";
    if (survey->node != ASSAY_KEY_ACTIVE) text = assay_authz_verdict_text(survey->node);
    set_active(object, survey->node,
               keys->is_keyed && is_complete && keys->state == ASSAY_KEYS_ACTIVE);
    assay_json_set_text(object, "state", text);
    assay_json_set_bool(object, "complete", is_complete);
}

static void set_root(struct assay_json *object, const char *key, bool is_set,
                     const uint8_t root[static 32])
{
    if (is_set) assay_json_set_hex(object, key, root, 32);
    else assay_json_set_null(object, key);
}

static struct assay_json *member_document(const struct assay_authz_survey *survey, uint32_t slot)
{
    const struct assay_snapshot *const s = survey->s;
    ASSAY_ASSERT(slot < s->member_count);
    const struct assay_member_snapshot *m = &s->members[slot].ledger;
    struct assay_authz_listing listing;
    uint32_t at = 0;
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "era", s->chain.era);
    assay_json_set_uint(object, "epoch", s->chain.epoch);
    set_undecided(object, survey);
    assay_json_set_uint(object, "slot", slot);
    assay_json_set_text_n(object, "name", m->name.bytes, m->name.len);
    assay_json_set_hex(object, "node_id", m->node_id, sizeof m->node_id);
    assay_document_set_node_id_base32(object, m->node_id);
    assay_json_set_uint(object, "incarnation", m->incarnation);
    assay_json_set_text(object, "standing",
                        assay_document_standing((uint64_t)assay_authz_standing(m)));
    set_state(object, survey, slot);
    set_root(object, "declared_root", m->keys.is_declared, m->keys.declared_root);
    if (m->keys.is_declared) assay_json_set_uint(object, "declared_since", m->keys.since_epoch);
    else assay_json_set_null(object, "declared_since");
    set_root(object, "keys_root", m->keys.keys_epoch > 0, m->keys.keys_root);
    if (m->keys.keys_epoch > 0) assay_json_set_uint(object, "keys_epoch", m->keys.keys_epoch);
    else assay_json_set_null(object, "keys_epoch");
    struct assay_json *names = assay_json_set_array(object, "granted_names");
    for (uint32_t k = 0; k < s->chain.name_count; k++)
        if ((m->keys.granted >> k & 1) != 0)
            assay_json_append_text(names, s->chain.names[k].text);
    struct assay_json *list = assay_json_set_array(object, "keys");
    while (assay_authz_listing_next(s, slot, &at, &listing))
        assay_json_append(list, entry_document(survey, &listing));
    return object;
}

struct assay_json *assay_document_keys(const struct assay_snapshot *s, uint64_t now_ms,
                                       uint32_t slot)
{
    struct assay_authz_survey survey;
    assay_authz_survey_open(&survey, s, now_ms);
    struct assay_json *object = member_document(&survey, slot);
    assay_authz_survey_close(&survey);
    return object;
}

struct assay_json *assay_document_all_keys(const struct assay_snapshot *s, uint64_t now_ms,
                                           uint32_t since, uint32_t limit)
{
    struct assay_authz_survey survey;
    struct assay_json *data = assay_json_object(), *list = assay_json_array();
    uint32_t slot = since;
    assay_authz_survey_open(&survey, s, now_ms);
    for (; slot < s->member_count && slot - since < limit; slot++)
        assay_json_append(list, member_document(&survey, slot));
    assay_json_set_uint(data, "era", s->chain.era);
    assay_document_set_epoch(data, s);
    set_undecided(data, &survey);
    assay_authz_survey_close(&survey);
    assay_json_set(data, "members", list);
    if (slot < s->member_count) assay_json_set_uint(data, "next_since", slot);
    else assay_json_set_null(data, "next_since");
    return data;
}

void assay_document_set_key_summary(struct assay_json *object, const struct assay_snapshot *s,
                                    uint32_t slot)
{
    struct assay_authz_listing listing;
    struct assay_authz_survey survey;
    uint32_t at = 0, count = 0, active = 0;
    assay_authz_survey_open(&survey, s, s->now_ms);
    while (assay_authz_listing_next(s, slot, &at, &listing)) {
        count++;
        active += assay_authz_survey_verdict(&survey, &listing) == ASSAY_KEY_ACTIVE;
    }
    struct assay_json *const out = assay_json_set_object(object, "workload_keys");
    set_state(out, &survey, slot);
    assay_authz_survey_close(&survey);
    assay_json_set_uint(out, "count", count);
    assay_json_set_uint(out, "active_count", active);
}
