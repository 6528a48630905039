/*
 * net/services/identity/signing_authority.c - certificates of the keys that are published, in a
 * holder's process that was not there when they were signed: stored, loaded at a start, and
 * received from other holders (docs/identity.md 4.17).
 *
 * What is stored and sent is the moment that the certificate names and the signature. The text is
 * derived here, from the keys that the ledger publishes; so nothing of it is of another holder, and
 * holders of t indices have signed the moment.
 */
#include "net/services/identity/signing_host_internal.h"

#include "base/assert.h"
#include "base/cursor.h"

enum {
    NUMBER_LEN = 4,
    NEWER_MS = 60000, /* between requests of a newer one than that which is here */
};
_Static_assert((int)ASSAY_SIGNING_RECORD_LEN == 3 * 8 + 64, "three numbers and a signature");

static struct assay_credential_state read_record(const uint8_t *record)
{
    struct assay_credential_state made = { .era = 0 };
    struct assay_cursor c = assay_cursor_over(record, ASSAY_SIGNING_RECORD_LEN);
    enum assay_status status = assay_cursor_u64be(&c, &made.era);
    if (status == ASSAY_OK) status = assay_cursor_u64be(&c, &made.epoch);
    if (status == ASSAY_OK) status = assay_cursor_u64be(&c, &made.time_ms);
    ASSAY_ASSERT(status == ASSAY_OK); /* the length is that of a record */
    return made;
}

static const struct assay_credential_ca *find_published(const struct assay_keyholder_signing *h,
                                                        uint32_t number)
{
    for (uint32_t i = 0; i < h->published_count; i++)
        if (h->published[i].number == number) return &h->published[i];
    return NULL;
}

/* Of a certificate by another number: the one that is published before it, which was active when it
 * was the next one. */
static const struct assay_credential_ca *find_before(const struct assay_keyholder_signing *h,
                                                     uint32_t number)
{
    const struct assay_credential_ca *before = NULL;
    for (uint32_t i = 0; i < h->published_count; i++) /* ascending */
        if (h->published[i].number < number) before = &h->published[i];
    return before;
}

/* Out: *whole: the certificate, in der. Returns: whether a key that is published signed it, for a
 * moment that is over. */
static bool verify_record(const struct assay_keyholder_signing *h, uint32_t which,
                          const uint8_t *record, uint8_t *der, size_t capacity,
                          struct assay_slice *whole)
{
    const struct assay_credential_state made = read_record(record);
    const struct assay_credential_ca *subject = find_published(h, which & ~ASSAY_SIGNING_CROSS);
    const struct assay_credential_ca *signer =
        (which & ASSAY_SIGNING_CROSS) != 0 ? find_before(h, which & ~ASSAY_SIGNING_CROSS) : subject;
    const uint8_t *signature = record + 3 * 8;
    uint8_t bytes[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice tbs;
    if (subject == NULL || signer == NULL || made.epoch > h->at.epoch ||
        made.time_ms > h->at.time_ms)
        return false;
    if (assay_credential_ca_tbs(subject, signer, &made, bytes, sizeof bytes, &tbs) != ASSAY_OK)
        return false;
    return assay_sodium_edwards_verify(signer->public_key, tbs, signature) &&
           assay_credential_certificate(tbs, signature, der, capacity, whole) == ASSAY_OK;
}

static struct authority *find_authority(struct assay_keyholder_signing *h, uint32_t which)
{
    for (uint32_t i = 0; which != 0 && i < AUTHORITIES_MAX; i++)
        if (h->authority[i].which == which) return &h->authority[i];
    return NULL;
}

static void keep_record(struct authority *a, const uint8_t *record)
{
    a->is_here = true;
    a->epoch = read_record(record).epoch;
    assay_bytes_copy(a->record, sizeof a->record, record, ASSAY_SIGNING_RECORD_LEN);
}

enum assay_status signing_keep_certificate(struct assay_keyholder_signing *h, uint32_t which,
                                           const uint8_t signature[static 64])
{
    struct authority *a = find_authority(h, which);
    uint8_t record[ASSAY_SIGNING_RECORD_LEN];
    struct assay_writer w = assay_writer_over(record, sizeof record);
    assay_writer_u64be(&w, h->at.era);
    assay_writer_u64be(&w, h->at.epoch);
    assay_writer_u64be(&w, h->at.time_ms);
    assay_writer_put(&w, signature, 64);
    if (a != NULL) keep_record(a, record);
    if (h->config.store == NULL) return ASSAY_OK;
    return h->config.store(h->config.context, which, assay_slice_over(record, sizeof record));
}

/* What was here of it before, or is on the disk. */
static void load_authority(struct assay_keyholder_signing *h, const struct authority *before,
                           struct authority *a, uint32_t which, uint64_t since, uint64_t now_ms)
{
    uint8_t record[ASSAY_SIGNING_RECORD_LEN], der[ASSAY_CREDENTIAL_CERTIFICATE_MAX];
    struct assay_slice whole;
    *a = (struct authority){ .which = which, .due_ms = now_ms };
    for (uint32_t i = 0; i < AUTHORITIES_MAX; i++)
        if (before[i].which == which) *a = before[i];
    if (a->since != since) a->asked = 0;
    a->since = since;
    if (!a->is_here) a->due_ms = now_ms; /* epochs may be shorter than requests */
    if (!a->is_here && h->config.load != NULL && h->config.load(h->config.context, which, record) &&
        verify_record(h, which, record, der, sizeof der, &whole))
        keep_record(a, record);
}

void signing_load_certificates(struct assay_keyholder_signing *h, const struct assay_ca *ca,
                               const struct assay_checkpoint *at, uint64_t now_ms)
{
    struct authority before[AUTHORITIES_MAX];
    uint32_t count = 0;
    assay_bytes_copy(before, sizeof before, h->authority, sizeof h->authority);
    h->at = *at;
    h->published_count = assay_derivation_published(ca, &h->plan, h->published);
    for (uint32_t i = 0; i < h->published_count; i++) {
        const uint32_t number = h->published[i].number;
        const uint64_t since = number == ca->ca_number     ? ca->since
                               : number == ca->next.number ? ca->next.since
                                                           : 0;
        load_authority(h, before, &h->authority[count++], number, since, now_ms);
    }
    if (ca->next.number > 0)
        load_authority(h, before, &h->authority[count++], ca->next.number | ASSAY_SIGNING_CROSS, 0,
                       now_ms);
    /* Of the active number it is kept while the one before is published, and never requested:
     * a number that replaced a lost key has none. */
    if (ca->ca_number > 0 && find_before(h, ca->ca_number) != NULL) {
        struct authority *const cross = &h->authority[count];
        load_authority(h, before, cross, ca->ca_number | ASSAY_SIGNING_CROSS, 0, now_ms);
        count += cross->is_here;
    }
    for (; count < AUTHORITIES_MAX; count++)
        h->authority[count] = (struct authority){ .which = 0 };
}

bool signing_get_certificate(const struct assay_keyholder_signing *h, uint32_t which, uint8_t *der,
                             size_t capacity, struct assay_slice *whole)
{
    for (uint32_t i = 0; which != 0 && i < AUTHORITIES_MAX; i++)
        if (h->authority[i].which == which && h->authority[i].is_here)
            return verify_record(h, which, h->authority[i].record, der, capacity, whole);
    return false;
}

static bool lacks(const struct authority *a)
{
    return a->which != 0 && (!a->is_here || a->epoch < a->since);
}

bool signing_has_certificate(const struct assay_keyholder_signing *h, uint32_t which)
{
    for (uint32_t i = 0; i < AUTHORITIES_MAX; i++)
        if (h->authority[i].which == which) return !lacks(&h->authority[i]);
    return false;
}

bool signing_asked_all(const struct assay_keyholder_signing *h, uint32_t which)
{
    for (uint32_t i = 0; i < AUTHORITIES_MAX; i++)
        if (h->authority[i].which == which)
            return h->authority[i].asked >= h->group.holders; /* one more, so each had time */
    return false;
}

/* While that of the active number is signed in this epoch, it arrives without being requested. */
static bool is_wanted(const struct assay_keyholder_signing *h, const struct authority *a)
{
    return lacks(a) && !(a->which == h->group.ca_number && h->text[OWN].is_due);
}

void signing_request_certificates(struct assay_keyholder_signing *h, uint64_t now_ms)
{
    if (h->group.holders < 2) return;
    for (uint32_t i = 0; i < AUTHORITIES_MAX; i++) {
        struct authority *a = &h->authority[i];
        uint8_t number[NUMBER_LEN];
        struct assay_writer w = assay_writer_over(number, sizeof number);
        if (!is_wanted(h, a) || now_ms < a->due_ms) continue;
        a->place = (a->place + 1) % h->group.holders;
        if (a->place == h->place) a->place = (a->place + 1) % h->group.holders;
        a->is_requested = true;
        a->asked += a->asked < h->group.holders;
        a->due_ms = now_ms + (a->is_here ? NEWER_MS : AGAIN_MS);
        assay_writer_u32be(&w, a->which);
        signing_send_frame(h, h->group.holder[a->place].node_id, ASSAY_SIGNING_FRAME_WANT,
                           assay_slice_over(number, w.len));
    }
}

static bool read_number(struct assay_slice bytes, uint32_t *number)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    return assay_cursor_u32be(&c, number) == ASSAY_OK;
}

void signing_on_want(struct assay_keyholder_signing *h, const uint8_t from[static 32],
                     struct assay_slice bytes)
{
    uint8_t frame[NUMBER_LEN + ASSAY_SIGNING_RECORD_LEN];
    struct assay_writer w = assay_writer_over(frame, sizeof frame);
    uint32_t which = 0;
    if (bytes.len != NUMBER_LEN || !read_number(bytes, &which)) return;
    const struct authority *a = find_authority(h, which);
    if (a == NULL || !a->is_here) return;
    assay_writer_u32be(&w, which);
    assay_writer_put(&w, a->record, sizeof a->record);
    signing_send_frame(h, from, ASSAY_SIGNING_FRAME_STORED, assay_slice_over(frame, w.len));
}

/* What is here is signed no more in this epoch. */
static void end_text_of(struct assay_keyholder_signing *h, uint32_t which)
{
    struct assay_keyholder_signing *const side[] = { h, h->next };
    for (uint32_t s = 0; s < 2 && side[s] != NULL; s++)
        for (uint32_t i = 0; i < KEY_TEXTS; i++)
            if (side[s]->text[i].which == which) side[s]->text[i].is_due = false;
}

enum assay_status signing_on_stored(struct assay_keyholder_signing *h,
                                    const uint8_t from[static 32], struct assay_slice bytes)
{
    uint8_t der[ASSAY_CREDENTIAL_CERTIFICATE_MAX];
    struct assay_slice whole;
    uint32_t which = 0;
    if (bytes.len != NUMBER_LEN + ASSAY_SIGNING_RECORD_LEN || !read_number(bytes, &which))
        return ASSAY_OK;
    struct authority *a = find_authority(h, which);
    /* One verification for each request: of the holder that it was sent to. */
    if (a == NULL || !a->is_requested || a->place >= h->group.holders ||
        !assay_bytes_equal(from, h->group.holder[a->place].node_id, 32))
        return ASSAY_OK;
    a->is_requested = false;
    const uint8_t *record = bytes.bytes + NUMBER_LEN;
    if (!is_wanted(h, a) || (a->is_here && read_record(record).epoch <= a->epoch)) return ASSAY_OK;
    if (!verify_record(h, which, record, der, sizeof der, &whole)) return ASSAY_OK;
    keep_record(a, record);
    end_text_of(h, which);
    h->status.certificates++;
    if (h->config.store != NULL)
        ASSAY_TRY(h->config.store(h->config.context, which,
                                  assay_slice_over(record, ASSAY_SIGNING_RECORD_LEN)));
    return h->config.certified(h->config.context, which, whole);
}
