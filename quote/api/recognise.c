/*
 * quote/api/recognise.c - which bytes of a set are which part of the collateral, by content.
 *
 * Recognising is not trusting: what is found is verified when the bundle is built. A set with a TCB
 * info or a QE identity is Intel's; anything else is certificates and
 * revocation lists, all of them: which one counts is the verifier's to say, at each time.
 */
#include "quote/api/api.h"

#include "base/base64.h"
#include "quote/chain.h"
#include "quote/json.h"

#include <stdlib.h>
#include <string.h>

/* What is known of the files while they are sorted; several hundred KB, on the heap. */
struct search {
    bool is_intel;
    size_t root_count; /* self-issued certificates */
    struct assay_dn roots[ASSAY_CHAIN_MAX];
    bool has_signer; /* of the chain taken as the TCB chain */
    struct assay_key signer;
    size_t other_list_count; /* beside Intel's two: DER, one after the other in others */
    size_t others_len;
    uint8_t others[ASSAY_LISTS_MAX * ASSAY_CRL_DER_MAX];
    size_t certificate_count;
    struct assay_slice certificates[ASSAY_CHAIN_MAX]; /* DER in pool */
    size_t pool_len;
    uint8_t pool[ASSAY_CHAIN_MAX * ASSAY_PEM_MAX];
    size_t list_len; /* decoded lists that came as PEM */
    uint8_t lists[2 * ASSAY_CRL_DER_MAX];
    struct assay_certificate chain[ASSAY_CHAIN_MAX];
    struct assay_crl crl;
    struct assay_tcb_info tcb_info;
    struct assay_collateral_files found;
};

static bool is_json(struct assay_slice text)
{
    size_t at = 0;
    while (at < text.len && strchr(" \t\r\n", text.bytes[at]) != NULL && text.bytes[at] != '\0')
        at += 1;
    return at < text.len && text.bytes[at] == '{';
}

/* --- Intel */
static void take_json(struct search *s, struct assay_slice text)
{
    static const char tcb_info[] = "\"tcbInfo\"", identity[] = "\"enclaveIdentity\"";
    const uint8_t *const a = memmem(text.bytes, text.len, tcb_info, sizeof tcb_info - 1);
    const uint8_t *const b = memmem(text.bytes, text.len, identity, sizeof identity - 1);
    if (a == NULL && b == NULL) return;
    /* The outer name comes first; the other could stand anywhere inside. */
    const enum assay_collateral_part part =
        b == NULL || (a != NULL && a < b) ? ASSAY_PART_TCB_INFO : ASSAY_PART_QE_IDENTITY;
    s->is_intel = true;
    if (s->found.part[part].len == 0) s->found.part[part] = text;
}

/* Reads certificates into s->chain. Returns: how many there are; 0 for anything else. */
static size_t read_chain(struct search *s, struct assay_slice text)
{
    size_t count = 0;
    if (text.len == 0 || text.len > ASSAY_PEM_MAX) return 0;
    const enum assay_status status =
        assay_x509_certificates(text.bytes, text.len, s->chain, ASSAY_CHAIN_MAX, &count);
    return status == ASSAY_OK ? count : 0;
}

static bool is_root(const struct search *s, const struct assay_dn *name)
{
    for (size_t i = 0; i < s->root_count; i++)
        if (assay_dn_equal(&s->roots[i], name)) return true;
    return false;
}

static void note_roots(struct search *s, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct assay_certificate *const it = &s->chain[i];
        if (!assay_dn_equal(&it->subject, &it->issuer) || is_root(s, &it->subject)) continue;
        if (s->root_count < ASSAY_CHAIN_MAX) s->roots[s->root_count++] = it->subject;
    }
}

static bool signs_tcb_info(struct search *s, const struct assay_key *key)
{
    struct assay_signed_json document;
    struct assay_signature signature;
    uint8_t digest[ASSAY_SHA256_LEN];
    const struct assay_slice text = s->found.part[ASSAY_PART_TCB_INFO];
    if (assay_json_tcb_info(text.bytes, text.len, &s->tcb_info, &document, NULL) != ASSAY_OK)
        return false;
    assay_sha256(document.body.bytes, document.body.len, digest);
    assay_signature_from_p256(&signature, document.signature);
    return assay_chain_signed(key, digest, &signature) == ASSAY_OK;
}

/* A chain with a CA below its root is of PCK certificates, one with a signer of documents. */
static void take_intel_chain(struct search *s, struct assay_slice text, size_t count)
{
    struct assay_slice *const part = s->found.part;
    const struct assay_certificate *signer = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct assay_certificate *const it = &s->chain[i];
        if (assay_dn_equal(&it->subject, &it->issuer)) continue;
        if (it->is_ca) {
            if (part[ASSAY_PART_PCK_CHAIN].len == 0) part[ASSAY_PART_PCK_CHAIN] = text;
            return;
        }
        if (!it->has_pck) signer = it;
    }
    if (signer == NULL) return;
    if (!s->has_signer) {
        part[ASSAY_PART_TCB_CHAIN] = text;
        s->has_signer = true;
        s->signer = signer->key;
    } else if (!assay_key_equal(&s->signer, &signer->key) && part[ASSAY_PART_QE_CHAIN].len == 0) {
        /* Two signers: the one whose signature the TCB info bears is its own. */
        part[ASSAY_PART_QE_CHAIN] = text;
        if (!signs_tcb_info(s, &signer->key)) return;
        part[ASSAY_PART_QE_CHAIN] = part[ASSAY_PART_TCB_CHAIN];
        part[ASSAY_PART_TCB_CHAIN] = text;
    }
}

/* --- every other vendor: certificates one after the other in DER, without doubles */
static enum assay_status take_der(struct search *s, struct assay_slice der)
{
    for (size_t i = 0; i < s->certificate_count; i++)
        if (assay_slice_equal(s->certificates[i], der)) return ASSAY_OK;
    if (s->certificate_count == ASSAY_CHAIN_MAX) return ASSAY_E_FULL;
    if (der.len > sizeof s->pool - s->pool_len) return ASSAY_E_FULL;
    uint8_t *const at = s->pool + s->pool_len;
    assay_bytes_copy(at, sizeof s->pool - s->pool_len, der.bytes, der.len);
    s->certificates[s->certificate_count++] = assay_slice_over(at, der.len);
    s->pool_len += der.len;
    s->found.part[ASSAY_PART_CERTIFICATES] = assay_slice_over(s->pool, s->pool_len);
    return ASSAY_OK;
}

/* Length of the first DER element. Returns: 0 when it does not fit. */
static size_t der_len(struct assay_slice der)
{
    if (der.len < 5 || der.bytes[0] != 0x30) return 0;
    const size_t octets = der.bytes[1] & 0x7fu;
    size_t len = octets;
    if (der.bytes[1] >= 0x80) {
        if (octets < 1 || octets > 3) return 0; /* longer than a list can be */
        len = 0;
        for (size_t i = 0; i < octets; i++)
            len = len << 8 | der.bytes[2 + i];
        len += octets;
    }
    return len + 2 <= der.len ? len + 2 : 0;
}

static enum assay_status take_certificates(struct search *s, struct assay_slice text)
{
    uint8_t one[ASSAY_PEM_MAX / 2];
    if (text.bytes[0] == 0x30) {
        for (size_t len = der_len(text); len > 0; len = der_len(text)) {
            ASSAY_TRY(take_der(s, assay_slice_over(text.bytes, len)));
            text = assay_slice_over(text.bytes + len, text.len - len);
        }
        return ASSAY_OK;
    }
    for (;;) {
        struct assay_slice label;
        size_t len = 0;
        if (assay_pem_next(&text, &label, one, sizeof one, &len) != ASSAY_OK) return ASSAY_OK;
        ASSAY_TRY(take_der(s, assay_slice_over(one, len)));
    }
}

/* --- revocation lists */
/* A list as PEM becomes DER in s->lists. Returns: text itself when it is none. */
static struct assay_slice crl_of_pem(struct search *s, struct assay_slice text)
{
    static const char head[] = "-----BEGIN X509 CRL-----";
    struct assay_slice rest = text, label;
    size_t len = 0;
    if (memmem(text.bytes, text.len, head, sizeof head - 1) == NULL) return text;
    uint8_t *const at = s->lists + s->list_len;
    if (assay_pem_next(&rest, &label, at, sizeof s->lists - s->list_len, &len) != ASSAY_OK)
        return text;
    return assay_slice_over(at, len); /* until the next one, unless it is held: take_crl */
}

/* A list behind those that were found before; a double is none. */
static enum assay_status take_other_list(struct search *s, struct assay_slice der)
{
    for (size_t at = 0; at < s->others_len;) {
        const struct assay_slice rest = assay_slice_over(s->others + at, s->others_len - at);
        const size_t len = der_len(rest);
        ASSAY_ASSERT(len > 0);
        if (assay_slice_equal(assay_slice_over(rest.bytes, len), der)) return ASSAY_OK;
        at += len;
    }
    if (s->other_list_count == ASSAY_LISTS_MAX) return ASSAY_E_FULL;
    assay_bytes_copy(s->others + s->others_len, sizeof s->others - s->others_len, der.bytes,
                     der.len);
    s->others_len += der.len;
    s->other_list_count += 1;
    s->found.part[ASSAY_PART_CRL] = assay_slice_over(s->others, s->others_len);
    return ASSAY_OK;
}

static enum assay_status take_crl(struct search *s, struct assay_slice text)
{
    const struct assay_slice der = crl_of_pem(s, text);
    if (der.len == 0 || der.len > ASSAY_CRL_DER_MAX || der.bytes[0] != 0x30) return ASSAY_OK;
    if (assay_x509_crl(der.bytes, der.len, &s->crl) != ASSAY_OK) return ASSAY_OK;
    if (!s->is_intel) return take_other_list(s, der);
    const bool of_root = is_root(s, &s->crl.issuer);
    struct assay_slice *const part =
        &s->found.part[of_root ? ASSAY_PART_ROOT_CRL : ASSAY_PART_PCK_CRL];
    /* Which of several counts is the verifier's to say, at each time. */
    if (part->len > 0) return assay_slice_equal(*part, der) ? ASSAY_OK : take_other_list(s, der);
    *part = der;
    if (der.bytes == s->lists + s->list_len) s->list_len += der.len;
    return ASSAY_OK;
}

static enum assay_status sort_files(struct search *s, const struct assay_bytes *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct assay_slice text = assay_slice_over(files[i].bytes, files[i].len);
        if (is_json(text)) take_json(s, text);
    }
    for (size_t i = 0; i < count; i++) {
        const struct assay_slice text = assay_slice_over(files[i].bytes, files[i].len);
        const size_t certificates = read_chain(s, text);
        if (certificates == 0) continue;
        note_roots(s, certificates);
        if (s->is_intel) take_intel_chain(s, text, certificates);
        else ASSAY_TRY(take_certificates(s, text));
    }
    for (size_t i = 0; i < count; i++)
        if (files[i].len > 0)
            ASSAY_TRY(take_crl(s, assay_slice_over(files[i].bytes, files[i].len)));
    return ASSAY_OK;
}

/* Files and search are freed after this, so what was found is copied into one block. */
static enum assay_status keep(const struct search *s, struct assay_trust_set *set)
{
    size_t len = 0, at = 0;
    for (size_t i = 0; i < ASSAY_PARTS; i++)
        len += s->found.part[i].len;
    if (len == 0) return ASSAY_E_NOT_FOUND;
    uint8_t *const bytes = malloc(len);
    if (bytes == NULL) return ASSAY_E_MEMORY;
    *set = (struct assay_trust_set){
        .kinds = s->is_intel ? ASSAY_API_KINDS_INTEL : ~ASSAY_API_KINDS_INTEL,
        .bytes = bytes,
    };
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        const struct assay_slice part = s->found.part[i];
        if (part.len == 0) continue;
        assay_bytes_copy(bytes + at, len - at, part.bytes, part.len);
        set->files.part[i] = assay_slice_over(bytes + at, part.len);
        at += part.len;
    }
    return ASSAY_OK;
}

enum assay_status assay_api_recognise(const struct assay_bytes *files, size_t count,
                                      struct assay_trust_set *set)
{
    struct search *const s = calloc(1, sizeof *s);
    if (s == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = sort_files(s, files, count);
    if (status == ASSAY_OK) status = keep(s, set);
    free(s);
    return status;
}
