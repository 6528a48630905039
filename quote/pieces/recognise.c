/*
 * quote/pieces/recognise.c - recognition of pieces by content (recognise.h): text by its marks
 * (PEM, JSON), binary by the parsers of the candidates; a damaged certificate or CRL by its first
 * elements.
 */
#include "quote/pieces/recognise.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/cursor.h"
#include "quote/json.h"
#include "quote/pieces/encoded.h"
#include "quote/pieces/manifest.h"
#include "quote/pieces/unread.h"
#include "quote/rim_xml.h"
#include "quote/tpm_format.h"
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
    case ASSAY_SHAPE_OCSP: return "OCSP response";
    case ASSAY_SHAPE_RIM: return "reference manifest";
    }
    ASSAY_UNREACHABLE("a shape");
}

enum assay_status assay_recognised_status(const struct assay_recognised *piece, bool leads)
{
    if (piece->status != ASSAY_OK) return piece->status;
    const bool is_stray =
        (piece->shape == ASSAY_SHAPE_CERTIFICATE || piece->shape == ASSAY_SHAPE_RIM) && !leads;
    return is_stray ? ASSAY_E_NOT_FOUND : ASSAY_OK;
}

/* In its place: the order of files must not decide which of two is taken. */
static enum assay_status add_piece(struct assay_recognition *r, struct assay_recognised *piece)
{
    ASSAY_ASSERT(r->count <= ASSAY_RECOGNISED_MAX && r->file_count > 0);
    ASSAY_ASSERT(piece->bytes.len > 0);
    size_t at = 0;
    if (piece->shape == ASSAY_SHAPE_CRL && piece->status == ASSAY_OK) {
        if (r->list_count == ASSAY_RECOGNISED_MAX) return ASSAY_E_FULL;
        r->lists[r->list_count++] = piece->bytes;
    }
    while (at < r->count && assay_piece_is_before(&r->pieces[at], piece))
        at += 1;
    if (at < r->count && assay_slice_equal(r->pieces[at].bytes, piece->bytes) &&
        !assay_pieces_are_apart(&r->pieces[at], piece)) {
        /* Under two names, or as PEM and DER. A PEM label may have more information. */
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
    ASSAY_ASSERT(r->count <= ASSAY_RECOGNISED_MAX);
    return ASSAY_OK;
}

/* --- what is left over (evidence-rules.md 1.15) */
static struct assay_slice get_remainder(struct assay_slice text, size_t at)
{
    return assay_slice_over(text.bytes + at, text.len - at);
}

/* Where the next list could begin before `end`, readable or not. Returns: end for none */
static size_t find_list_before(struct assay_recognise_scratch *scratch, struct assay_slice bytes,
                               size_t from, size_t end)
{
    ASSAY_ASSERT(from <= end && end <= bytes.len);
    struct assay_slice one;
    for (size_t at = from; at < end; at++) {
        struct assay_slice rest = get_remainder(bytes, at);
        scratch->searched += 1;
        if (rest.bytes[0] != 0x30) continue; /* a SEQUENCE */
        if (assay_x509_list_header(rest) == ASSAY_X509_LIST_HEADER ||
            assay_x509_next(&rest, &one) == ASSAY_X509_CRL)
            return at;
    }
    return end;
}

static size_t find_list(struct assay_recognise_scratch *scratch, struct assay_slice bytes,
                        size_t from)
{
    return find_list_before(scratch, bytes, from, bytes.len);
}

/* What was found ahead of the place that is being read, as bytes that are left from there on: a
 * search goes on where the last one ended, so that all of them together read a file once. */
struct ahead {
    bool is_known;
    size_t left;
};

/* What the file being read has shown so far. */
struct progress {
    bool has_list;
    struct assay_slice unknown; /* the first bytes that nothing explains */
    struct ahead list, block, name;
};

static void note_unknown(struct progress *progress, struct assay_slice bytes)
{
    if (progress->unknown.len == 0) progress->unknown = bytes;
}

/* A possible but unreadable list: only its first bytes match. */
static enum assay_status add_damaged_list(struct assay_recognition *r, struct assay_slice bytes,
                                          enum assay_status why)
{
    ASSAY_ASSERT(why != ASSAY_OK);
    enum { SHOWN = 64 };
    struct assay_recognised piece = { .shape = ASSAY_SHAPE_CRL, .status = why, .bytes = bytes };
    if (piece.bytes.len > SHOWN) piece.bytes.len = SHOWN;
    return add_piece(r, &piece);
}

/* Unexplained bytes next to a list may be a list that revokes. */
static enum assay_status end_file(struct assay_recognition *r, const struct progress *progress)
{
    if (!progress->has_list || progress->unknown.len == 0) return ASSAY_OK;
    return add_damaged_list(r, progress->unknown, ASSAY_E_SYNTAX);
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

/* Reads a piece that declares itself as, or looks like, a certificate or a list, taken off *rest. A
 * damaged one may claim bytes that are those of a list behind it: they go back to *rest. */
static enum assay_status add_signed(struct assay_recognition *r,
                                    struct assay_recognise_scratch *scratch,
                                    struct progress *progress, struct assay_slice bytes,
                                    enum assay_x509_shape shape, struct assay_slice *rest)
{
    struct assay_recognised piece = { .bytes = bytes };
    ASSAY_ASSERT(shape != ASSAY_X509_NEITHER);
    if (shape == ASSAY_X509_CERTIFICATE) {
        piece.shape = ASSAY_SHAPE_CERTIFICATE;
        piece.status = read_certificate(&piece);
    }
    if (shape == ASSAY_X509_CRL || piece.status != ASSAY_OK) {
        const struct assay_slice all = assay_slice_over(bytes.bytes, bytes.len + rest->len);
        const size_t next = find_list_before(scratch, all, 1, bytes.len);
        if (next < bytes.len) {
            piece.bytes.len = next;
            *rest = get_remainder(all, next);
        }
    }
    /* A cut list and what follows it may have the shape of a certificate. Certificates without a
     * version begin like lists, and are not damaged. */
    if (piece.status != ASSAY_OK && piece.status != ASSAY_E_UNSUPPORTED &&
        assay_x509_list_header(piece.bytes) != ASSAY_X509_LIST_NO)
        shape = ASSAY_X509_CRL;
    if (shape == ASSAY_X509_CRL) {
        progress->has_list = true;
        piece.shape = ASSAY_SHAPE_CRL;
        piece.status = assay_x509_crl(piece.bytes.bytes, piece.bytes.len, &scratch->crl);
    }
    if (assay_status_class(piece.status) == ASSAY_CLASS_HOST) return piece.status;
    return add_piece(r, &piece);
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

/* Out: *len: where it ends by its own word. */
static bool is_evidence(struct assay_slice bytes, size_t *len)
{
    enum { LEN_MIN = 1024 }; /* what is shorter looks like evidence by chance */
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    return bytes.len >= LEN_MIN &&
           assay_evidence_detect(bytes.bytes, bytes.len, &kind) == ASSAY_OK &&
           assay_evidence_length(kind, bytes.bytes, bytes.len, len) == ASSAY_OK;
}

/* By structure, or as long as something without one: then nothing explains it. */
static enum assay_status add_other(struct assay_recognition *r, struct progress *progress,
                                   struct assay_slice bytes)
{
    size_t evidence_len = 0;
    struct assay_recognised piece = { .shape = ASSAY_SHAPE_OTHER, .bytes = bytes };
    struct assay_key key;
    const enum assay_status status = assay_x509_public_key(bytes.bytes, bytes.len, &key);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status == ASSAY_OK) piece.shape = ASSAY_SHAPE_KEY;
    else if (read_tpm(&piece)) return add_piece(r, &piece);
    else if (is_evidence(bytes, &evidence_len)) piece.shape = ASSAY_SHAPE_EVIDENCE;
    else if (!may_serve(bytes)) piece.status = ASSAY_E_UNSUPPORTED;
    if (piece.shape == ASSAY_SHAPE_OTHER) note_unknown(progress, bytes);
    return add_piece(r, &piece);
}

/* --- text */
/* What is left of the room for decoded bytes, and the texts that stand in it and are to be read. */
struct room {
    uint8_t *bytes;
    size_t len;
    bool is_inner; /* a text out of a document is being read: it is not opened once more */
    size_t text_count;
    struct assay_slice texts[ASSAY_JSON_TEXTS_MAX];
};

/* The first bytes of the room, which a piece has now. */
static struct assay_slice allocate_bytes(struct room *room, size_t len)
{
    ASSAY_ASSERT(len <= room->len);
    const struct assay_slice taken = assay_slice_over(room->bytes, len);
    room->bytes += len;
    room->len -= len;
    return taken;
}

static const char begin[] = "-----BEGIN ";

/* Where the words stand first. Returns: text.len when they do not. */
static size_t find_words(size_t *searched, struct assay_slice text, const char *words, size_t len)
{
    for (size_t at = 0; at + len <= text.len; at++) {
        *searched += 1;
        if (assay_bytes_equal(text.bytes + at, (const uint8_t *)words, len)) return at;
    }
    return text.len;
}

static bool has_word(size_t *searched, struct assay_slice text, const char *words, size_t len)
{
    return find_words(searched, text, words, len) < text.len;
}

/* The first list or block at `from` or behind it. The places asked for only grow. */
static size_t next_list(struct assay_recognise_scratch *scratch, struct progress *progress,
                        struct assay_slice text, size_t from)
{
    ASSAY_ASSERT(from <= text.len);
    struct ahead *const ahead = &progress->list;
    if (!ahead->is_known || ahead->left > text.len - from)
        *ahead = (struct ahead){ true, text.len - find_list(scratch, text, from) };
    ASSAY_ASSERT(ahead->left <= text.len - from);
    return text.len - ahead->left;
}

static size_t next_block(struct assay_recognise_scratch *scratch, struct progress *progress,
                         struct assay_slice text, size_t from)
{
    ASSAY_ASSERT(from <= text.len);
    struct ahead *const ahead = &progress->block;
    if (!ahead->is_known || ahead->left > text.len - from) {
        const struct assay_slice rest = get_remainder(text, from);
        *ahead = (struct ahead){ true, rest.len - find_words(&scratch->searched, rest, begin,
                                                       sizeof begin - 1) };
    }
    ASSAY_ASSERT(ahead->left <= text.len - from);
    return text.len - ahead->left;
}

/* Does the text begin with a block of that label? */
static bool is_block(struct assay_slice text, const char *mark, size_t len)
{
    return text.len >= len && assay_bytes_equal(text.bytes, (const uint8_t *)mark, len);
}

/* Shape named by the label of a block, regardless of its bytes. */
static enum assay_shape get_label_shape(struct assay_slice block)
{
    static const char certificate[] = "-----BEGIN CERTIFICATE-----";
    static const char list[] = "-----BEGIN X509 CRL-----";
    static const char short_list[] = "-----BEGIN CRL-----";
    if (is_block(block, certificate, sizeof certificate - 1)) return ASSAY_SHAPE_CERTIFICATE;
    const bool is_list = is_block(block, list, sizeof list - 1) ||
                         is_block(block, short_list, sizeof short_list - 1);
    return is_list ? ASSAY_SHAPE_CRL : ASSAY_SHAPE_OTHER;
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

/* What begins here and is no certificate and no list that ends: up to the next list, so that none
 * hides behind it. Out: *rest begins there */
static enum assay_status add_unknown(struct assay_recognition *r,
                                     struct assay_recognise_scratch *scratch,
                                     struct progress *progress, struct assay_slice *rest)
{
    const size_t len = find_list(scratch, *rest, 1);
    const struct assay_slice bytes = assay_slice_over(rest->bytes, len);
    const enum assay_x509_list header = assay_x509_list_header(bytes);
    *rest = get_remainder(*rest, len);
    if (header != ASSAY_X509_LIST_NO) {
        progress->has_list = true;
        return add_damaged_list(r, bytes,
                                header == ASSAY_X509_LIST_CUT ? ASSAY_E_TRUNCATED : ASSAY_E_SYNTAX);
    }
    if (is_blank(bytes)) return ASSAY_OK;
    return add_other(r, progress, bytes);
}

/* Certificates and lists one after the other, as a block or an encoded file holds them. */
static enum assay_status add_elements(struct assay_recognition *r,
                                      struct assay_recognise_scratch *scratch,
                                      struct progress *progress, struct assay_slice der,
                                      enum assay_shape shape)
{
    struct assay_recognised piece = { .shape = shape, .status = ASSAY_E_SYNTAX };
    if (shape == ASSAY_SHAPE_CRL) progress->has_list = true;
    while (!is_blank(der)) {
        const enum assay_x509_shape found = assay_x509_next(&der, &piece.bytes);
        if (found != ASSAY_X509_NEITHER) {
            ASSAY_TRY(add_signed(r, scratch, progress, piece.bytes, found, &der));
            continue;
        }
        piece.bytes = der;
        ASSAY_TRY(add_unknown(r, scratch, progress, &der));
        piece.bytes.len -= der.len;
        if (shape != ASSAY_SHAPE_OTHER)
            ASSAY_TRY(add_piece(r, &piece)); /* according to its label */
    }
    return ASSAY_OK;
}

/* A block that cannot be decoded reaches to the next one, or to the next list. */
static enum assay_status add_damaged_block(struct assay_recognition *r,
                                           struct assay_recognise_scratch *scratch,
                                           struct progress *progress,
                                           struct assay_recognised *piece, struct assay_slice *text)
{
    enum { BEGIN = sizeof begin - 1 };
    ASSAY_ASSERT(text->len >= BEGIN && piece->status != ASSAY_OK);
    const size_t block = next_block(scratch, progress, *text, BEGIN);
    const size_t list = next_list(scratch, progress, *text, BEGIN);
    piece->bytes = assay_slice_over(text->bytes, block < list ? block : list);
    ASSAY_ASSERT(piece->bytes.len >= BEGIN);
    *text = get_remainder(*text, piece->bytes.len);
    if (piece->shape == ASSAY_SHAPE_CRL) progress->has_list = true;
    if (piece->shape == ASSAY_SHAPE_OTHER) note_unknown(progress, piece->bytes);
    return add_piece(r, piece);
}

/* One block, with which the text begins: the parsers decide what it holds, its label where they
 * find nothing or where it cannot be decoded. */
static enum assay_status add_block(struct assay_recognition *r,
                                   struct assay_recognise_scratch *scratch,
                                   struct progress *progress, struct assay_slice *text,
                                   struct room *room)
{
    struct assay_slice name, der;
    size_t len = 0;
    struct assay_recognised piece = { .shape = get_label_shape(*text) };
    piece.status = assay_pem_next(text, &name, room->bytes, room->len, &len);
    if (piece.status != ASSAY_OK) return add_damaged_block(r, scratch, progress, &piece, text);
    der = allocate_bytes(room, len);
    return add_elements(r, scratch, progress, der, piece.shape);
}

/* How many bytes more a character of UTF-8 has (RFC 3629). Returns: 4 for what begins none */
static size_t more_of(uint8_t byte)
{
    if (byte < 0x80) return 0;
    if (byte >= 0xc2 && byte < 0xe0) return 1;
    if (byte >= 0xe0 && byte < 0xf0) return 2;
    return byte >= 0xf0 && byte < 0xf5 ? 3 : 4;
}

/* Comment text above a block, in any script. */
static bool is_comment(struct assay_slice text)
{
    size_t more = 0;
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t byte = text.bytes[i];
        if (more > 0) {
            if ((byte & 0xc0) != 0x80) return false;
            more -= 1;
            continue;
        }
        if (byte < ' ' && !is_blank(assay_slice_over(&byte, 1))) return false;
        more = more_of(byte);
        if (byte == 0x7f || more > 3) return false;
    }
    return more == 0;
}

/* --- JSON */
static const char tcb_info_name[] = "\"tcbInfo\"", identity_name[] = "\"enclaveIdentity\"",
                  key_type_name[] = "\"kty\"";

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

/* The first name of a document that we know. Returns: text.len for none */
static size_t find_name(struct assay_recognise_scratch *scratch, struct assay_slice text)
{
    const size_t tcb_info =
        find_words(&scratch->searched, text, tcb_info_name, sizeof tcb_info_name - 1);
    const size_t identity =
        find_words(&scratch->searched, text, identity_name, sizeof identity_name - 1);
    const size_t key_type =
        find_words(&scratch->searched, text, key_type_name, sizeof key_type_name - 1);
    const size_t document = tcb_info < identity ? tcb_info : identity;
    return document < key_type ? document : key_type;
}

/* One signature or digest in 256 begins like an object, too: it is one, or it has a name that we
 * know, however damaged the rest. *ahead: of such a name. */
static bool is_json(struct assay_recognise_scratch *scratch, struct assay_slice text,
                    struct ahead *ahead)
{
    while (text.len > 0 && is_space(text.bytes[0]))
        text = get_remainder(text, 1);
    if (text.len == 0 || text.bytes[0] != '{') return false;
    if (is_object(text)) return true;
    if (!ahead->is_known || ahead->left > text.len)
        *ahead = (struct ahead){ true, text.len - find_name(scratch, text) };
    return ahead->left > 0;
}

static enum assay_status add_document(struct assay_recognition *r,
                                      struct assay_recognise_scratch *scratch,
                                      struct assay_slice text, enum assay_shape shape)
{
    ASSAY_ASSERT(shape == ASSAY_SHAPE_TCB_INFO || shape == ASSAY_SHAPE_QE_IDENTITY);
    struct assay_recognised piece = { .shape = shape, .bytes = text };
    struct assay_signed_json document;
    if (shape == ASSAY_SHAPE_TCB_INFO)
        piece.status =
            assay_doc_tcb_info(text.bytes, text.len, &scratch->tcb_info, &document, NULL);
    else
        piece.status =
            assay_doc_qe_identity(text.bytes, text.len, &scratch->qe_identity, &document, NULL);
    if (assay_status_class(piece.status) == ASSAY_CLASS_HOST) return piece.status;
    return add_piece(r, &piece);
}

static enum assay_status add_web_key(struct assay_recognition *r,
                                     struct assay_recognise_scratch *scratch,
                                     struct assay_slice text, struct room *room)
{
    struct assay_recognised piece = { .shape = ASSAY_SHAPE_KEY, .bytes = text };
    struct assay_key key;
    size_t len = 0;
    piece.status = assay_doc_web_key(text.bytes, text.len, &key);
    if (assay_status_class(piece.status) == ASSAY_CLASS_HOST) return piece.status;
    if (piece.status == ASSAY_OK) piece.status = assay_key_spki(&key, room->bytes, room->len, &len);
    if (piece.status == ASSAY_OK) {
        piece.bytes = allocate_bytes(room, len);
    } else if (!has_word(&scratch->searched, text, key_type_name, sizeof key_type_name - 1)) {
        piece.shape = ASSAY_SHAPE_OTHER; /* another document */
        piece.status = ASSAY_E_UNSUPPORTED;
    }
    return add_piece(r, &piece);
}

/* A string of a document that may be a piece: natural-language text is none. */
static bool may_be_piece(struct assay_slice text)
{
    size_t searched = 0;
    return assay_manifest_is_encoded(text) || (text.len > 0 && text.bytes[0] == '{') ||
           assay_encoded_within(text) != ASSAY_ENCODED_NONE ||
           has_word(&searched, text, begin, sizeof begin - 1);
}

/* A document that stores texts of pieces (evidence-rules.md 1.15.3). Out: *done: it does, and they
 * are to be read next. One that cannot be read and names a list may hold the list that revokes. */
static enum assay_status add_bundle(struct assay_recognition *r,
                                    struct assay_recognise_scratch *scratch,
                                    struct progress *progress, struct assay_slice text,
                                    struct room *room, bool *done)
{
    ASSAY_ASSERT(!room->is_inner);
    static const char list[] = "-----BEGIN X509 CRL-----";
    struct assay_doc_texts found = { .is_wanted = may_be_piece };
    const enum assay_status status =
        assay_doc_texts(text.bytes, text.len, room->bytes, room->len, &found);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) {
        *done = assay_encoded_within(text) == ASSAY_ENCODED_LIST ||
                has_word(&scratch->searched, text, list, sizeof list - 1);
        progress->has_list = progress->has_list || *done;
        return *done ? add_damaged_list(r, text, status) : ASSAY_OK;
    }
    ASSAY_ASSERT(found.count <= ASSAY_JSON_TEXTS_MAX);
    for (size_t i = 0; i < found.count; i++) {
        if (room->text_count == ASSAY_JSON_TEXTS_MAX) return ASSAY_E_FULL;
        room->texts[room->text_count++] = allocate_bytes(room, found.texts[i].len);
    }
    *done = found.count > 0;
    return ASSAY_OK;
}

/* Intel's documents by their outer name, which comes first: the other could stand anywhere inside.
 * Of every other text a key, texts of pieces, or nothing. */
static enum assay_status add_json(struct assay_recognition *r,
                                  struct assay_recognise_scratch *scratch,
                                  struct progress *progress, struct assay_slice text,
                                  struct room *room)
{
    bool done = false;
    const size_t a = find_words(&scratch->searched, text, tcb_info_name, sizeof tcb_info_name - 1);
    const size_t b = find_words(&scratch->searched, text, identity_name, sizeof identity_name - 1);
    if (a < b) return add_document(r, scratch, text, ASSAY_SHAPE_TCB_INFO);
    if (b < a) return add_document(r, scratch, text, ASSAY_SHAPE_QE_IDENTITY);
    if (!room->is_inner &&
        !has_word(&scratch->searched, text, key_type_name, sizeof key_type_name - 1))
        ASSAY_TRY(add_bundle(r, scratch, progress, text, room, &done));
    return done ? ASSAY_OK : add_web_key(r, scratch, text, room);
}

/* A quote of SGX or TDX, whose chain stands in it as PEM. */
static bool is_quote(struct assay_slice text, struct assay_recognised *piece)
{
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    size_t len = 0;
    if (assay_evidence_detect(text.bytes, text.len, &kind) != ASSAY_OK) return false;
    if ((ASSAY_KINDS_QUOTE & ASSAY_KIND_BIT(kind)) == 0) return false;
    if (assay_evidence_length(kind, text.bytes, text.len, &len) != ASSAY_OK) return false;
    ASSAY_ASSERT(len > 0 && len <= text.len);
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

/* A manifest takes the rest of its text. One that cannot be converted has its reason. */
static enum assay_status add_xml(struct assay_recognition *r, struct assay_slice text,
                                 struct room *room)
{
    struct assay_recognised piece = { .shape = ASSAY_SHAPE_RIM, .bytes = text };
    size_t len = 0;
    piece.status = assay_rim_xml_convert(text, room->bytes, room->len, &len);
    if (piece.status == ASSAY_OK) piece.bytes = allocate_bytes(room, len);
    return piece.status == ASSAY_E_MEMORY ? piece.status : add_piece(r, &piece);
}

/* --- a file */
/* Text that holds bytes. Out: *done: it did. One level: what is decoded is not decoded again. */
static enum assay_status add_encoded(struct assay_recognition *r,
                                     struct assay_recognise_scratch *scratch,
                                     struct progress *progress, struct assay_slice text,
                                     struct room *room, bool *done)
{
    struct assay_slice one;
    struct assay_key key;
    size_t len = 0;
    *done = false;
    if (assay_encoded_decode(text, room->bytes, room->len, &len) != ASSAY_OK) return ASSAY_OK;
    const struct assay_slice bytes = assay_slice_over(room->bytes, len);
    struct assay_slice look = bytes;
    /* A list may stand behind other bytes there, as it may in a file. */
    const bool is_signed = assay_x509_next(&look, &one) != ASSAY_X509_NEITHER ||
                           assay_x509_list_header(bytes) != ASSAY_X509_LIST_NO ||
                           find_list(scratch, bytes, 0) < bytes.len;
    struct ahead ahead = { 0 };
    const bool is_document = is_json(scratch, bytes, &ahead);
    const enum assay_status status = assay_x509_public_key(bytes.bytes, bytes.len, &key);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (!is_signed && !is_document && !assay_rim_xml_looks(bytes) && status != ASSAY_OK)
        return ASSAY_OK;
    *done = true;
    allocate_bytes(room, len);
    if (assay_rim_xml_looks(bytes)) return add_xml(r, bytes, room);
    if (is_document) return add_json(r, scratch, progress, bytes, room);
    return add_elements(r, scratch, progress, bytes, ASSAY_SHAPE_OTHER);
}

/* What stands before the next block or list: a comment, encoded bytes, or nothing known. */
static enum assay_status add_between(struct assay_recognition *r,
                                     struct assay_recognise_scratch *scratch,
                                     struct progress *progress, struct assay_slice text,
                                     bool is_last, struct room *room)
{
    bool done = false;
    if (is_blank(text)) return ASSAY_OK;
    if (!is_comment(text)) return add_unknown(r, scratch, progress, &text);
    ASSAY_TRY(add_encoded(r, scratch, progress, text, room, &done));
    if (done) return ASSAY_OK;
    const enum assay_encoded_word word = assay_encoded_within(text);
    if (word != ASSAY_ENCODED_NONE) note_unknown(progress, text);
    if (word == ASSAY_ENCODED_LIST) { /* cut, or with something between its digits */
        progress->has_list = true;
        return add_damaged_list(r, text, ASSAY_E_SYNTAX);
    }
    struct progress comment = { 0 }; /* which explains itself */
    return is_last ? add_other(r, &comment, text) : ASSAY_OK;
}

/* A document takes the rest of its file; a list behind it is one all the same. */
static enum assay_status add_document_file(struct assay_recognition *r,
                                           struct assay_recognise_scratch *scratch,
                                           struct progress *progress, struct assay_slice text,
                                           bool is_xml, struct room *room)
{
    ASSAY_TRY(is_xml ? add_xml(r, text, room) : add_json(r, scratch, progress, text, room));
    const size_t at = find_list(scratch, text, 0);
    ASSAY_ASSERT(at <= text.len);
    return at == text.len
               ? ASSAY_OK
               : add_elements(r, scratch, progress, get_remainder(text, at), ASSAY_SHAPE_OTHER);
}

/* Formats with magic bytes and a declared end. Out: *text moves on when *done. */
static enum assay_status add_bounded(struct assay_recognition *r,
                                     struct assay_recognise_scratch *scratch,
                                     struct progress *progress, struct assay_slice *text,
                                     bool *done)
{
    struct assay_recognised piece = { .shape = ASSAY_SHAPE_OTHER };
    struct assay_slice one;
    size_t len = 0;
    ASSAY_TRY(assay_manifest_take(text, &piece, done));
    if (*done) return add_piece(r, &piece);
    *done = true;
    if (is_quote(*text, &piece)) {
        *text = get_remainder(*text, piece.bytes.len);
        return add_piece(r, &piece);
    }
    const enum assay_x509_shape shape = assay_x509_next(text, &one);
    if (shape != ASSAY_X509_NEITHER) return add_signed(r, scratch, progress, one, shape, text);
    if (is_evidence(*text, &len) && len > 0 && len <= text->len) {
        piece.shape = ASSAY_SHAPE_EVIDENCE;
        piece.bytes = assay_slice_over(text->bytes, len);
        *text = get_remainder(*text, len);
        return add_piece(r, &piece);
    }
    *done = false;
    return ASSAY_OK;
}

/* The pieces of a text one after the other: what a piece is hangs on its own bytes alone, not on
 * what stands before it. */
static enum assay_status add_text(struct assay_recognition *r,
                                  struct assay_recognise_scratch *scratch, struct assay_slice text,
                                  struct room *room)
{
    struct progress progress = { 0 };
    while (!is_blank(text)) {
        bool done = false;
        const bool is_xml = assay_rim_xml_looks(text);
        if (is_xml || is_json(scratch, text, &progress.name)) {
            ASSAY_TRY(add_document_file(r, scratch, &progress, text, is_xml, room));
            break;
        }
        ASSAY_TRY(add_bounded(r, scratch, &progress, &text, &done));
        if (done) continue;
        const size_t block = next_block(scratch, &progress, text, 0);
        const size_t list = next_list(scratch, &progress, text, 1);
        const size_t next = block < list ? block : list;
        ASSAY_ASSERT(next <= text.len);
        ASSAY_TRY(add_between(r, scratch, &progress, assay_slice_over(text.bytes, next),
                              next == text.len && !room->is_inner, room));
        text = get_remainder(text, next);
        if (next == block && text.len > 0) ASSAY_TRY(add_block(r, scratch, &progress, &text, room));
    }
    return end_file(r, &progress);
}

/* docs/evidence-rules.md 1.15.5: however the file was recognised, a list in it was read. */
static enum assay_status look_again(struct assay_recognition *r,
                                    struct assay_recognise_scratch *scratch,
                                    struct assay_slice text)
{
    size_t at = 0;
    if (!assay_unread_list(r, text, &scratch->searched, &at)) return ASSAY_OK;
    return add_damaged_list(r, get_remainder(text, at), ASSAY_E_SYNTAX);
}

enum assay_status assay_recognise_file(struct assay_recognition *r,
                                       struct assay_recognise_scratch *scratch,
                                       struct assay_slice text, uint8_t *bytes, size_t len)
{
    ASSAY_ASSERT(r != NULL && scratch != NULL && bytes != NULL);
    ASSAY_ASSERT(len >= assay_recognise_room(text.len));
    struct room room = { .bytes = bytes, .len = len };
    struct progress progress = { 0 };
    scratch->searched = 0;
    r->list_count = 0;
    if (r->file_count == ASSAY_RECOGNISED_FILES_MAX) return ASSAY_E_FULL;
    r->files[r->file_count++] = text;
    if (is_zeros(text)) return add_other(r, &progress, text);
    ASSAY_TRY(add_text(r, scratch, text, &room));
    ASSAY_ASSERT(room.text_count <= ASSAY_JSON_TEXTS_MAX);
    room.is_inner = true;
    for (size_t i = 0; i < room.text_count; i++)
        ASSAY_TRY(add_text(r, scratch, room.texts[i], &room));
    ASSAY_TRY(look_again(r, scratch, text));
    for (size_t i = 0; i < room.text_count; i++)
        ASSAY_TRY(look_again(r, scratch, room.texts[i]));
    return ASSAY_OK;
}

enum assay_status assay_recognise_unread(struct assay_recognition *r, enum assay_status why)
{
    ASSAY_ASSERT(r != NULL && why != ASSAY_OK);
    if (r->file_count == ASSAY_RECOGNISED_FILES_MAX) return ASSAY_E_FULL;
    static const uint8_t begun[] = { 0x30 }; /* all that is known of it */
    const struct assay_slice bytes = assay_slice_over(begun, sizeof begun);
    r->files[r->file_count++] = bytes;
    return add_damaged_list(r, bytes, why);
}
