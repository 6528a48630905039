/*
 * quote/collateral/recognise.c - see recognise.h. Text by its marks (PEM, JSON), binary by the
 * parsers of what it could be; a damaged certificate or list by its first elements.
 */
#include "quote/collateral/recognise.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/cursor.h"
#include "quote/json.h"
#include "quote/tpm/tpm.h"
#include "quote/verify.h"

const char *assay_shape_text(enum assay_shape shape)
{
    switch (shape) {
    case ASSAY_SHAPE_OTHER: return "other bytes";
    case ASSAY_SHAPE_CERTIFICATE: return "certificate";
    case ASSAY_SHAPE_CRL: return "revocation list";
    case ASSAY_SHAPE_KEY: return "public key";
    case ASSAY_SHAPE_PUBLIC: return "TPM public area";
    case ASSAY_SHAPE_ATTEST: return "TPM quote";
    case ASSAY_SHAPE_TDX_QUOTE: return "TDX quote";
    case ASSAY_SHAPE_EVIDENCE: return "evidence";
    case ASSAY_SHAPE_TCB_INFO: return "TCB info";
    case ASSAY_SHAPE_QE_IDENTITY: return "QE identity";
    }
    ASSAY_UNREACHABLE("a shape");
}

enum assay_status assay_recognised_status(const struct assay_recognised *piece, bool leads)
{
    if (piece->status != ASSAY_OK) return piece->status;
    const bool is_stray = piece->shape == ASSAY_SHAPE_CERTIFICATE && !leads;
    return is_stray ? ASSAY_E_NOT_FOUND : ASSAY_OK;
}

/* By length, then by bytes. */
static int compare(struct assay_slice a, struct assay_slice b)
{
    if (a.len != b.len) return a.len < b.len ? -1 : 1;
    return assay_bytes_compare(a.bytes, b.bytes, a.len);
}

/* In its place: the order of files must not decide which of two is taken. */
static enum assay_status add(struct assay_recognition *r, struct assay_recognised *piece)
{
    ASSAY_ASSERT(r->count <= ASSAY_RECOGNISED_MAX && r->file_count > 0);
    ASSAY_ASSERT(piece->bytes.len > 0);
    size_t at = 0;
    while (at < r->count && compare(r->pieces[at].bytes, piece->bytes) < 0)
        at += 1;
    if (at < r->count && assay_slice_equal(r->pieces[at].bytes, piece->bytes)) {
        /* Under two names, or as PEM and DER. A label of PEM may have said more. */
        if (piece->shape <= r->pieces[at].shape) return ASSAY_OK;
        r->pieces[at].shape = piece->shape;
        r->pieces[at].status = piece->status;
        return ASSAY_OK;
    }
    if (r->count == ASSAY_RECOGNISED_MAX) return ASSAY_E_FULL;
    for (size_t i = r->count; i > at; i--)
        r->pieces[i] = r->pieces[i - 1];
    piece->file = (uint32_t)(r->file_count - 1);
    r->pieces[at] = *piece;
    r->count += 1;
    return ASSAY_OK;
}

/* --- binary */
static enum assay_status read_certificate(struct assay_recognised *piece)
{
    struct assay_certificate c;
    ASSAY_TRY(assay_x509_certificate(piece->bytes.bytes, piece->bytes.len, &c));
    piece->has_vek = c.has_vek;
    piece->hwid_len = c.has_vek ? c.vek.hwid_len : 0;
    assay_bytes_copy(piece->hwid, sizeof piece->hwid, c.vek.hwid, piece->hwid_len);
    return ASSAY_OK;
}

/* Reads a piece that says, or looks like, that it is a certificate or a list. */
static enum assay_status add_signed(struct assay_recognition *r,
                                    struct assay_recognise_scratch *scratch,
                                    struct assay_slice bytes, enum assay_x509_shape shape)
{
    struct assay_recognised piece = { .bytes = bytes };
    ASSAY_ASSERT(shape != ASSAY_X509_NEITHER);
    if (shape == ASSAY_X509_CERTIFICATE) {
        piece.shape = ASSAY_SHAPE_CERTIFICATE;
        piece.status = read_certificate(&piece);
    } else {
        piece.shape = ASSAY_SHAPE_CRL;
        piece.status = assay_x509_crl(bytes.bytes, bytes.len, &scratch->crl);
    }
    if (assay_status_class(piece.status) == ASSAY_CLASS_HOST) return piece.status;
    return add(r, &piece);
}

/* TPM2B_PUBLIC by its length, its type and its name's algorithm (Part 2, 12.2.4): the parser knows
 * fewer of them. */
static bool is_public(struct assay_slice it)
{
    struct assay_cursor in = assay_cursor_over(it.bytes, it.len);
    uint16_t len = 0, type = 0, name_alg = 0;
    if (assay_cursor_u16be(&in, &len) != ASSAY_OK || assay_cursor_u16be(&in, &type) != ASSAY_OK ||
        assay_cursor_u16be(&in, &name_alg) != ASSAY_OK)
        return false;
    return (size_t)len + 2 == it.len && (type == ASSAY_TPM_RSA || type == ASSAY_TPM_ECC) &&
           assay_tpm_hash_len(name_alg) > 0;
}

/* A TPM's structures. A key that does not sign (an EK, a storage key) attests nothing. */
static bool read_tpm(struct assay_recognised *piece)
{
    struct assay_tpm_quote quote;
    struct assay_tpm_public public;
    const struct assay_slice it = piece->bytes;
    if (assay_tpm_quote_parse(it.bytes, it.len, &quote) == ASSAY_OK) {
        piece->shape = ASSAY_SHAPE_ATTEST;
        return true;
    }
    if (!is_public(it)) return false;
    piece->shape = ASSAY_SHAPE_PUBLIC;
    piece->status = assay_tpm_public_parse(it.bytes, it.len, &public);
    if (piece->status == ASSAY_OK && (public.attributes & ASSAY_TPM_SIGN) == 0)
        piece->status = ASSAY_E_KEY;
    return true;
}

/* As long as PCR values can be, or a signature. */
static bool may_serve(struct assay_slice bytes)
{
    static const uint32_t lengths[] = { 64, 260, 388, 516 };
    struct assay_signature signature;
    if (bytes.len % 4 == 0 && bytes.len >= 20 && bytes.len <= ASSAY_TPM_PCRS * 4 * 64) return true;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const struct assay_key key = { .type = i == 0 ? ASSAY_KEY_P256 : ASSAY_KEY_RSA,
                                       .len = lengths[i] };
        if (assay_tpm_signature_parse(bytes.bytes, bytes.len, &key, &signature) == ASSAY_OK)
            return true;
    }
    return false;
}

static bool is_evidence(struct assay_slice bytes)
{
    enum { LEN_MIN = 1024 }; /* what is shorter looks like evidence by chance */
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    size_t len = 0;
    return bytes.len >= LEN_MIN &&
           assay_evidence_detect(bytes.bytes, bytes.len, &kind) == ASSAY_OK &&
           assay_evidence_length(kind, bytes.bytes, bytes.len, &len) == ASSAY_OK;
}

static enum assay_status add_other(struct assay_recognition *r, struct assay_slice bytes)
{
    struct assay_recognised piece = { .shape = ASSAY_SHAPE_OTHER, .bytes = bytes };
    struct assay_key key;
    const enum assay_status status = assay_x509_public_key(bytes.bytes, bytes.len, &key);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status == ASSAY_OK) piece.shape = ASSAY_SHAPE_KEY;
    else if (read_tpm(&piece)) return add(r, &piece);
    else if (is_evidence(bytes)) piece.shape = ASSAY_SHAPE_EVIDENCE;
    else if (!may_serve(bytes)) piece.status = ASSAY_E_UNSUPPORTED;
    return add(r, &piece);
}

/* --- text */
/* What is left of the room for decoded bytes. */
struct room {
    uint8_t *bytes;
    size_t len;
};

static const char begin[] = "-----BEGIN ";

/* Where the words stand first. Returns: text.len when they do not. */
static size_t find(struct assay_slice text, const char *words, size_t len)
{
    for (size_t at = 0; at + len <= text.len; at++)
        if (assay_bytes_equal(text.bytes + at, (const uint8_t *)words, len)) return at;
    return text.len;
}

static struct assay_slice after(struct assay_slice text, size_t at)
{
    return assay_slice_over(text.bytes + at, text.len - at);
}

/* Does the text begin with a block of that label? */
static bool is_block(struct assay_slice text, const char *mark, size_t len)
{
    return text.len >= len && assay_bytes_equal(text.bytes, (const uint8_t *)mark, len);
}

/* The label of a block that holds one, whatever its bytes are. */
static enum assay_shape labelled(struct assay_slice block)
{
    static const char certificate[] = "-----BEGIN CERTIFICATE-----";
    static const char list[] = "-----BEGIN X509 CRL-----";
    if (is_block(block, certificate, sizeof certificate - 1)) return ASSAY_SHAPE_CERTIFICATE;
    return is_block(block, list, sizeof list - 1) ? ASSAY_SHAPE_CRL : ASSAY_SHAPE_OTHER;
}

/* One block, with which the text begins: the parsers decide what it holds, its label where they
 * find nothing or where it cannot be decoded. */
static enum assay_status add_block(struct assay_recognition *r,
                                   struct assay_recognise_scratch *scratch,
                                   struct assay_slice *text, struct room *room)
{
    enum { BEGIN = sizeof begin - 1 };
    const struct assay_slice block = *text;
    const enum assay_shape shape = labelled(block);
    struct assay_slice name, der;
    size_t len = 0;
    struct assay_recognised piece = { .shape = shape };
    piece.status = assay_pem_next(text, &name, room->bytes, room->len, &len);
    if (piece.status != ASSAY_OK) {
        const size_t whole = BEGIN + find(after(block, BEGIN), begin, BEGIN);
        piece.bytes = assay_slice_over(block.bytes, whole);
        *text = after(block, whole);
        return add(r, &piece);
    }
    if (len == 0) return ASSAY_OK;
    der = assay_slice_over(room->bytes, len);
    room->bytes += len;
    room->len -= len;
    while (der.len > 0) {
        const enum assay_x509_shape found = assay_x509_next(&der, &piece.bytes);
        if (found == ASSAY_X509_NEITHER) break;
        ASSAY_TRY(add_signed(r, scratch, piece.bytes, found));
    }
    if (der.len == 0) return ASSAY_OK;
    if (shape == ASSAY_SHAPE_OTHER) return add_other(r, der);
    piece.bytes = der;
    piece.status = ASSAY_E_SYNTAX;
    return add(r, &piece);
}

/* White space, and the zeros that follow quotes and chains. */
static bool is_blank(struct assay_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.bytes[i] != 0 && text.bytes[i] != ' ' && text.bytes[i] != '\t' &&
            text.bytes[i] != '\r' && text.bytes[i] != '\n')
            return false;
    return true;
}

/* What people write above a block. */
static bool is_comment(struct assay_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((text.bytes[i] < ' ' && !is_blank(assay_slice_over(text.bytes + i, 1))) ||
            text.bytes[i] == 0x7f)
            return false;
    return true;
}

/* --- JSON */
static const char tcb_info_name[] = "\"tcbInfo\"", identity_name[] = "\"enclaveIdentity\"",
                  key_type_name[] = "\"kty\"";

static bool holds(struct assay_slice text, const char *words, size_t len)
{
    return find(text, words, len) < text.len;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Text from one brace to the other, the first before a name. */
static bool is_object(struct assay_slice text)
{
    size_t at = 1;
    size_t end = text.len;
    while (at < end && is_space(text.bytes[at]))
        at += 1;
    while (end > at && is_space(text.bytes[end - 1]))
        end -= 1;
    return at < end && text.bytes[end - 1] == '}' &&
           (text.bytes[at] == '"' || text.bytes[at] == '}') && is_comment(text);
}

/* One signature or digest in 256 begins like an object, too: it is one, or it has a name that we
 * know, however damaged the rest. */
static bool is_json(struct assay_slice text)
{
    while (text.len > 0 && is_space(text.bytes[0]))
        text = after(text, 1);
    if (text.len == 0 || text.bytes[0] != '{') return false;
    return is_object(text) || holds(text, tcb_info_name, sizeof tcb_info_name - 1) ||
           holds(text, identity_name, sizeof identity_name - 1) ||
           holds(text, key_type_name, sizeof key_type_name - 1);
}

static enum assay_status add_document(struct assay_recognition *r,
                                      struct assay_recognise_scratch *scratch,
                                      struct assay_slice text, enum assay_shape shape)
{
    struct assay_recognised piece = { .shape = shape, .bytes = text };
    struct assay_signed_json document;
    if (shape == ASSAY_SHAPE_TCB_INFO)
        piece.status =
            assay_json_tcb_info(text.bytes, text.len, &scratch->tcb_info, &document, NULL);
    else
        piece.status =
            assay_json_qe_identity(text.bytes, text.len, &scratch->qe_identity, &document, NULL);
    if (assay_status_class(piece.status) == ASSAY_CLASS_HOST) return piece.status;
    return add(r, &piece);
}

static enum assay_status add_web_key(struct assay_recognition *r, struct assay_slice text,
                                     const struct room *room)
{
    struct assay_recognised piece = { .shape = ASSAY_SHAPE_KEY, .bytes = text };
    struct assay_key key;
    size_t len = 0;
    piece.status = assay_json_web_key(text.bytes, text.len, &key);
    if (assay_status_class(piece.status) == ASSAY_CLASS_HOST) return piece.status;
    if (piece.status == ASSAY_OK) piece.status = assay_key_spki(&key, room->bytes, room->len, &len);
    if (piece.status == ASSAY_OK) {
        piece.bytes = assay_slice_over(room->bytes, len);
    } else if (!holds(text, key_type_name, sizeof key_type_name - 1)) {
        piece.shape = ASSAY_SHAPE_OTHER; /* another document */
        piece.status = ASSAY_E_UNSUPPORTED;
    }
    return add(r, &piece);
}

/* Intel's documents by their outer name, which comes first: the other could stand anywhere inside.
 * Of every other text a key, or nothing. */
static enum assay_status add_json(struct assay_recognition *r,
                                  struct assay_recognise_scratch *scratch, struct assay_slice text,
                                  const struct room *room)
{
    const size_t a = find(text, tcb_info_name, sizeof tcb_info_name - 1);
    const size_t b = find(text, identity_name, sizeof identity_name - 1);
    if (a < b) return add_document(r, scratch, text, ASSAY_SHAPE_TCB_INFO);
    if (b < a) return add_document(r, scratch, text, ASSAY_SHAPE_QE_IDENTITY);
    return add_web_key(r, text, room);
}

/* A quote of SGX or TDX, whose chain stands in it as PEM. */
static bool is_quote(struct assay_slice text, struct assay_recognised *piece)
{
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    size_t len = 0;
    if (assay_evidence_detect(text.bytes, text.len, &kind) != ASSAY_OK) return false;
    if ((ASSAY_KINDS_QUOTE & ASSAY_KIND_BIT(kind)) == 0) return false;
    if (assay_evidence_length(kind, text.bytes, text.len, &len) != ASSAY_OK) return false;
    const bool is_tdx = kind == ASSAY_KIND_TDX4 || kind == ASSAY_KIND_TDX5;
    piece->shape = is_tdx ? ASSAY_SHAPE_TDX_QUOTE : ASSAY_SHAPE_EVIDENCE;
    piece->bytes = assay_slice_over(text.bytes, len);
    return true;
}

/* Values of PCRs that nothing extended, and nothing else in the file. */
static bool is_zeros(struct assay_slice text)
{
    return may_serve(text) && assay_bytes_all_zero(text.bytes, text.len);
}

/* The pieces of a file one after the other: what a piece is hangs on its own bytes alone, not on
 * what stands before it. */
enum assay_status assay_recognise_file(struct assay_recognition *r,
                                       struct assay_recognise_scratch *scratch,
                                       struct assay_slice text, uint8_t *bytes, size_t len)
{
    enum { BEGIN = sizeof begin - 1 };
    ASSAY_ASSERT(r != NULL && scratch != NULL && bytes != NULL);
    ASSAY_ASSERT(len >= text.len + ASSAY_RECOGNISE_ROOM);
    struct room room = { bytes, len };
    if (r->file_count == ASSAY_RECOGNISED_FILES_MAX) return ASSAY_E_FULL;
    r->files[r->file_count++] = text;
    if (is_zeros(text)) return add_other(r, text);
    while (!is_blank(text)) {
        struct assay_recognised quote = { .shape = ASSAY_SHAPE_OTHER };
        struct assay_slice one;
        if (is_json(text)) return add_json(r, scratch, text, &room);
        if (is_quote(text, &quote)) {
            ASSAY_TRY(add(r, &quote));
            text = after(text, quote.bytes.len);
            continue;
        }
        const enum assay_x509_shape shape = assay_x509_next(&text, &one);
        if (shape != ASSAY_X509_NEITHER) {
            ASSAY_TRY(add_signed(r, scratch, one, shape));
            continue;
        }
        const size_t at = find(text, begin, BEGIN);
        const struct assay_slice before = assay_slice_over(text.bytes, at);
        if (at == text.len) return add_other(r, text);
        if (!is_comment(before)) ASSAY_TRY(add_other(r, before));
        text = after(text, at);
        ASSAY_TRY(add_block(r, scratch, &text, &room));
    }
    return ASSAY_OK;
}
