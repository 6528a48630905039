/*
 * apps/assay/pieces.c - which file of a folder is which piece of the evidence; see pieces.h.
 */
#include "apps/assay/pieces.h"

#include "apps/assay/folder.h"
#include "base/base64.h"
#include "quote/chain.h"
#include "quote/json.h"
#include "quote/kinds.h"
#include "quote/tpm/tpm.h"
#include "quote/verify.h"

#include <stdlib.h>
#include <string.h>

enum {
    FILES_MAX = 64,  /* files of one folder that are looked into */
    ITEMS_MAX = 96,  /* what they hold: a PEM file may hold several */
    SPKI_MAX = 640,  /* RSA 4096 takes 550 */
    HCL_REPORT = 32, /* of the hardware report in a paravisor's blob (evidence-rules.md 5.1) */
    SNP_REPORT_LEN = 1184,
    SNP_CHIP_ID = 0x1a0, /* evidence-rules.md 3.1 */
};

enum shape {
    SHAPE_OTHER, /* told apart by what the evidence asks for */
    SHAPE_CERTIFICATE,
    SHAPE_CRL,
    SHAPE_KEY,    /* SubjectPublicKeyInfo */
    SHAPE_PUBLIC, /* TPM2B_PUBLIC of a signing key */
    SHAPE_ATTEST,
    SHAPE_TDX_QUOTE,
};

struct item {
    enum shape shape;
    struct assay_slice bytes;
    /* certificates */
    bool has_vek;
    uint32_t hwid_len;
    uint8_t hwid[ASSAY_HWID_MAX];
};

struct assay_pieces_work {
    size_t buffer_count;
    uint8_t *buffers[FILES_MAX + ITEMS_MAX];
    size_t count;
    struct item items[ITEMS_MAX];
    uint8_t *values; /* PCR values put together */
    struct assay_crl crl;
    struct assay_folder folder;
    uint8_t package[ASSAY_EVIDENCE_LEN_MAX];
};

/* What a kind leaves to other files. */
struct wants {
    bool certificates, attest, tpm, quote;
};

static struct wants wants_of(enum assay_evidence_kind kind)
{
    struct wants wants = { 0 };
    struct assay_kind row;
    if (assay_kind_find(kind, &row) != ASSAY_OK) return wants;
    /* Intel's certificates come with the collateral. */
    const bool own = (ASSAY_KINDS_DCAP & ASSAY_KIND_BIT(kind)) == 0;
    wants.certificates = own && (row.pieces & ASSAY_PIECE_CERTIFICATES) != 0;
    wants.attest = (row.pieces & ASSAY_PIECE_HARDWARE) != 0;
    wants.tpm = (row.pieces & ASSAY_PIECE_SIGNATURE) != 0;
    wants.quote = (row.pieces & ASSAY_PIECE_QUOTE) != 0;
    return wants;
}

bool assay_pieces_wanted(enum assay_evidence_kind kind)
{
    return kind != ASSAY_KIND_NONE && (ASSAY_KINDS_QUOTE & ASSAY_KIND_BIT(kind)) == 0;
}

/* --- what one file holds */
static enum assay_status add(struct assay_pieces_work *w, const struct item *item)
{
    if (w->count == ITEMS_MAX) return ASSAY_E_FULL;
    for (size_t i = 0; i < w->count; i++) /* the same thing under two names, or as PEM and DER */
        if (assay_slice_equal(w->items[i].bytes, item->bytes)) return ASSAY_OK;
    w->items[w->count++] = *item;
    return ASSAY_OK;
}

static bool is_certificate(struct item *item)
{
    struct assay_certificate c;
    if (assay_x509_certificate(item->bytes.bytes, item->bytes.len, &c) != ASSAY_OK) return false;
    item->shape = SHAPE_CERTIFICATE;
    item->has_vek = c.has_vek;
    item->hwid_len = c.has_vek ? c.vek.hwid_len : 0;
    assay_bytes_copy(item->hwid, sizeof item->hwid, c.vek.hwid, item->hwid_len);
    return true;
}

static bool is_crl(struct assay_pieces_work *w, struct item *item)
{
    if (assay_x509_crl(item->bytes.bytes, item->bytes.len, &w->crl) != ASSAY_OK) return false;
    item->shape = SHAPE_CRL;
    return true;
}

static bool is_signing_public(struct item *item)
{
    struct assay_tpm_public public;
    if (assay_tpm_public_parse(item->bytes.bytes, item->bytes.len, &public) != ASSAY_OK)
        return false;
    if ((public.attributes & ASSAY_TPM_SIGN) == 0) return false; /* an EK, a storage key */
    item->shape = SHAPE_PUBLIC;
    return true;
}

static bool is_attest(struct item *item)
{
    struct assay_tpm_quote quote;
    if (assay_tpm_quote_parse(item->bytes.bytes, item->bytes.len, &quote) != ASSAY_OK) return false;
    item->shape = SHAPE_ATTEST;
    return true;
}

static bool is_tdx_quote(struct item *item)
{
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    size_t len = 0;
    if (assay_evidence_detect(item->bytes.bytes, item->bytes.len, &kind) != ASSAY_OK) return false;
    if (kind != ASSAY_KIND_TDX4 && kind != ASSAY_KIND_TDX5) return false;
    if (assay_evidence_length(kind, item->bytes.bytes, item->bytes.len, &len) != ASSAY_OK)
        return false;
    item->shape = SHAPE_TDX_QUOTE;
    item->bytes.len = len;
    return true;
}

/* Bytes that no text explains: DER by its parser, TPM structures by theirs, the rest as it is. */
static enum assay_status add_binary(struct assay_pieces_work *w, struct assay_slice bytes)
{
    struct item item = { .shape = SHAPE_OTHER, .bytes = bytes };
    struct assay_key key;
    if (is_certificate(&item) || is_crl(w, &item)) return add(w, &item);
    if (assay_x509_public_key(bytes.bytes, bytes.len, &key) == ASSAY_OK) item.shape = SHAPE_KEY;
    else if (!is_attest(&item)) (void)is_signing_public(&item);
    return add(w, &item);
}

static enum assay_status keep(struct assay_pieces_work *w, uint8_t *buffer)
{
    if (w->buffer_count == FILES_MAX + ITEMS_MAX) {
        free(buffer);
        return ASSAY_E_FULL;
    }
    w->buffers[w->buffer_count++] = buffer;
    return ASSAY_OK;
}

/* Every block of a PEM text, whatever its label: the parsers decide. */
static enum assay_status add_pem(struct assay_pieces_work *w, struct assay_slice text)
{
    for (;;) {
        struct assay_slice label;
        size_t len = 0;
        uint8_t *const der = malloc(text.len + 1);
        if (der == NULL) return ASSAY_E_MEMORY;
        if (assay_pem_next(&text, &label, der, text.len, &len) != ASSAY_OK) {
            free(der);
            return ASSAY_OK; /* the end of the text, or none that anybody can read */
        }
        ASSAY_TRY(keep(w, der));
        ASSAY_TRY(add_binary(w, assay_slice_over(der, len)));
    }
}

static enum assay_status add_jwk(struct assay_pieces_work *w, struct assay_slice text)
{
    struct assay_key key;
    size_t len = 0;
    const enum assay_status status = assay_json_web_key(text.bytes, text.len, &key);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) return ASSAY_OK; /* another JSON document */
    uint8_t *const der = malloc(SPKI_MAX);
    if (der == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(keep(w, der));
    if (assay_key_spki(&key, der, SPKI_MAX, &len) != ASSAY_OK) return ASSAY_OK;
    return add_binary(w, assay_slice_over(der, len));
}

static bool has_pem(struct assay_slice text)
{
    static const char begin[] = "-----BEGIN ";
    enum { LEN = sizeof begin - 1 };
    for (size_t at = 0; at + LEN <= text.len; at++)
        if (assay_bytes_equal(text.bytes + at, begin, LEN)) return true;
    return false;
}

static enum assay_status read_files(const char *dir, struct assay_pieces_work *w,
                                    const char **where)
{
    ASSAY_TRY(assay_folder_open(dir, &w->folder));
    size_t read = 0;
    for (size_t i = 0; i < w->folder.count; i++) {
        uint8_t *bytes = NULL;
        size_t len = 0;
        *where = w->folder.names[i];
        const enum assay_status status =
            assay_folder_read(dir, w->folder.names[i], ASSAY_PART_LEN_MAX, &bytes, &len);
        if (status == ASSAY_E_MEMORY) return status;
        if (status != ASSAY_OK) continue;
        if (++read > FILES_MAX) {
            free(bytes);
            return ASSAY_E_FULL;
        }
        ASSAY_TRY(keep(w, bytes));
        const struct assay_slice text = assay_slice_over(bytes, len);
        if (len == 0) continue;
        struct item quote = { .bytes = text };
        if (is_tdx_quote(&quote)) ASSAY_TRY(add(w, &quote)); /* its chain stands in it as PEM */
        else if (has_pem(text)) ASSAY_TRY(add_pem(w, text));
        else if (bytes[0] == '{') ASSAY_TRY(add_jwk(w, text));
        else ASSAY_TRY(add_binary(w, text));
    }
    *where = NULL;
    return ASSAY_OK;
}

/* --- which of them the evidence asks for */
static const struct item *first(const struct assay_pieces_work *w, enum shape shape)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->items[i].shape == shape) return &w->items[i];
    return NULL;
}

/* The chip of the hardware report, for the choice among the endorsement keys of many. */
static struct assay_slice chip_of(const struct assay_package *p)
{
    const struct assay_slice none = { NULL, 0 };
    const struct assay_slice report = p->kind == ASSAY_KIND_SNP ? p->main : p->hardware;
    const size_t at = p->kind == ASSAY_KIND_SNP ? 0 : HCL_REPORT;
    if (report.len < at + SNP_REPORT_LEN) return none;
    return assay_slice_over(report.bytes + at + SNP_CHIP_ID, ASSAY_HWID_MAX);
}

/* Falling usefulness: this chip's key, keys of no chip, authorities, other chips' keys. */
static unsigned rank_of(const struct item *item, struct assay_slice chip)
{
    if (!item->has_vek) return 2;
    if (item->hwid_len == 0) return 1;
    return chip.len >= item->hwid_len && assay_bytes_equal(chip.bytes, item->hwid, item->hwid_len)
               ? 0
               : 3;
}

static void take_certificates(const struct assay_pieces_work *w, struct assay_package *p)
{
    enum { RANKS = 4 };
    const struct assay_slice chip = chip_of(p);
    for (unsigned rank = 0; rank < RANKS; rank++)
        for (size_t i = 0; i < w->count; i++) {
            if (w->items[i].shape != SHAPE_CERTIFICATE) continue;
            if (rank_of(&w->items[i], chip) != rank) continue;
            if (p->certificate_count == ASSAY_PACKAGE_CERTIFICATES_MAX) return;
            p->certificates[p->certificate_count++] = w->items[i].bytes;
        }
}

/* Keeps all of them, one behind the other: the verifier decides which one counts. */
static enum assay_status take_crls(struct assay_pieces_work *w,
                                   struct assay_collateral_files *files)
{
    size_t len = 0, count = 0;
    for (size_t i = 0; i < w->count; i++) {
        if (w->items[i].shape != SHAPE_CRL) continue;
        len += w->items[i].bytes.len;
        count += 1;
    }
    if (len == 0) return ASSAY_OK;
    if (count > ASSAY_LISTS_MAX || len > ASSAY_PART_LEN_MAX) return ASSAY_E_FULL;
    uint8_t *const all = malloc(len);
    if (all == NULL) return ASSAY_E_MEMORY;
    size_t at = 0;
    for (size_t i = 0; i < w->count; i++) {
        if (w->items[i].shape != SHAPE_CRL) continue;
        assay_bytes_copy(all + at, len - at, w->items[i].bytes.bytes, w->items[i].bytes.len);
        at += w->items[i].bytes.len;
    }
    files->part[ASSAY_PART_CRL] = assay_slice_over(all, len);
    return keep(w, all);
}

static void take_key(const struct assay_pieces_work *w, struct assay_package *p)
{
    const struct item *key = first(w, SHAPE_PUBLIC); /* it says more than the bare key */
    if (key == NULL) key = first(w, SHAPE_KEY);
    if (key != NULL) p->key = key->bytes;
}

/* Of a file with the values of all PCRs of the one bank: those that were selected. */
static enum assay_status select_values(struct assay_pieces_work *w,
                                       const struct assay_tpm_quote *quote, struct assay_slice all,
                                       struct assay_slice *out)
{
    const size_t one = assay_tpm_hash_len(quote->banks[0].alg);
    size_t used = 0;
    free(w->values);
    w->values = malloc(all.len);
    if (w->values == NULL) return ASSAY_E_MEMORY;
    for (size_t pcr = 0; pcr < ASSAY_TPM_PCRS; pcr++) {
        if ((quote->banks[0].mask >> pcr & 1) == 0) continue;
        assay_bytes_copy(w->values + used, one, all.bytes + pcr * one, one);
        used += one;
    }
    *out = assay_slice_over(w->values, used);
    return ASSAY_OK;
}

static bool makes_digest(const struct assay_tpm_quote *quote, struct assay_slice values)
{
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256(values.bytes, values.len, digest);
    return quote->pcr_digest.len == sizeof digest &&
           assay_bytes_equal(digest, quote->pcr_digest.bytes, sizeof digest);
}

/* Values that make the digest; else values of that length, so that the verdict shows them. */
static enum assay_status take_values(struct assay_pieces_work *w,
                                     const struct assay_tpm_quote *quote, struct assay_package *p,
                                     const struct item **taken)
{
    const size_t wanted = assay_tpm_values_len(quote);
    const size_t one = quote->bank_count == 1 ? assay_tpm_hash_len(quote->banks[0].alg) : 0;
    for (int exact = 1; exact >= 0 && p->pcrs.len == 0; exact--)
        for (size_t i = 0; i < w->count && p->pcrs.len == 0; i++) {
            struct assay_slice values = w->items[i].bytes;
            if (w->items[i].shape != SHAPE_OTHER || values.len == 0) continue;
            if (values.len != wanted) {
                if (one == 0 || values.len != ASSAY_TPM_PCRS * one) continue;
                ASSAY_TRY(select_values(w, quote, values, &values));
            }
            if (exact == 1 && !makes_digest(quote, values)) continue;
            p->pcrs = values;
            *taken = &w->items[i];
        }
    return ASSAY_OK;
}

static void take_signature(const struct assay_pieces_work *w, const struct item *not_this,
                           struct assay_package *p)
{
    static const enum assay_key_type types[] = { ASSAY_KEY_P256, ASSAY_KEY_RSA };
    static const uint32_t lengths[] = { 64, 260, 388, 516 };
    struct assay_signature signature;
    for (size_t i = 0; i < w->count; i++) {
        const struct item *const item = &w->items[i];
        if (item->shape != SHAPE_OTHER || item == not_this) continue;
        for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
            const struct assay_key key = { .type = types[k == 0 ? 0 : 1], .len = lengths[k] };
            if (assay_tpm_signature_parse(item->bytes.bytes, item->bytes.len, &key, &signature) !=
                ASSAY_OK)
                continue;
            p->signature = item->bytes;
            return;
        }
    }
}

static enum assay_status take_tpm(struct assay_pieces_work *w, struct assay_package *p)
{
    struct assay_tpm_quote quote;
    const struct item *values = NULL;
    take_key(w, p);
    if (assay_tpm_quote_parse(p->main.bytes, p->main.len, &quote) != ASSAY_OK) return ASSAY_OK;
    ASSAY_TRY(take_values(w, &quote, p, &values));
    take_signature(w, values, p);
    return ASSAY_OK;
}

/* A paravisor's blob was handed over as the evidence: the TPM's quote stands in the folder. */
static bool take_attest(const struct assay_pieces_work *w, struct assay_package *p)
{
    const struct item *const attest = first(w, SHAPE_ATTEST);
    if (attest == NULL) return false;
    p->hardware = p->main;
    p->main = attest->bytes;
    return true;
}

static enum assay_status assemble(struct assay_pieces *out, struct wants wants)
{
    struct assay_pieces_work *const w = out->work;
    struct assay_package *const p = &out->package;
    const bool composite = wants.attest && take_attest(w, p);
    if (wants.certificates) {
        take_certificates(w, p);
        ASSAY_TRY(take_crls(w, &out->files));
    }
    if (wants.quote && first(w, SHAPE_TDX_QUOTE) != NULL)
        p->quote = first(w, SHAPE_TDX_QUOTE)->bytes;
    if (wants.tpm && (!wants.attest || composite)) ASSAY_TRY(take_tpm(w, p));
    const bool is_bare = !composite && p->certificate_count == 0 && p->signature.len == 0 &&
                         p->pcrs.len == 0 && p->key.len == 0 && p->quote.len == 0;
    if (is_bare) return ASSAY_OK;
    struct assay_writer writer = assay_writer_over(w->package, sizeof w->package);
    assay_package_encode(p, &writer);
    return assay_writer_finish(&writer, &out->evidence);
}

enum assay_status assay_pieces_read(const char *dir, enum assay_evidence_kind kind,
                                    struct assay_slice evidence, struct assay_pieces *out,
                                    const char **where)
{
    enum assay_evidence_kind said = ASSAY_KIND_NONE;
    *out = (struct assay_pieces){ .evidence = evidence };
    *where = NULL;
    out->package = (struct assay_package){ .kind = kind, .main = evidence };
    out->work = calloc(1, sizeof *out->work);
    if (out->work == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(read_files(dir, out->work, where));
    if (assay_package_detect(evidence.bytes, evidence.len, &said)) {
        ASSAY_TRY(take_crls(out->work, &out->files));
        return ASSAY_OK; /* a package has its pieces; the verdict says if it can be read */
    }
    return assemble(out, wants_of(kind));
}

void assay_pieces_close(struct assay_pieces *pieces)
{
    struct assay_pieces_work *const w = pieces->work;
    if (w != NULL) {
        for (size_t i = 0; i < w->buffer_count; i++)
            free(w->buffers[i]);
        free(w->values);
        assay_folder_close(&w->folder);
        free(w);
    }
    *pieces = (struct assay_pieces){ 0 };
}
