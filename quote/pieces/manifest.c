/*
 * quote/pieces/manifest.c - recognition of OCSP responses and of manifests (manifest.h).
 */
#include "quote/pieces/manifest.h"

#include "base/assert.h"
#include "quote/collateral/rim.h"

static bool begins_with(struct assay_slice text, const char *mark, size_t len)
{
    return text.len >= len && assay_bytes_equal(text.bytes, mark, len);
}

bool assay_manifest_is_encoded(struct assay_slice text)
{
    /* The last digit has bits of what follows. */
    static const char root[] = "PFNvZnR3YXJlSWRlbnRpdHk", declaration[] = "PD94bWwg";
    return begins_with(text, root, sizeof root - 2) ||
           begins_with(text, declaration, sizeof declaration - 2);
}

/* A SEQUENCE that begins with the status "successful", and goes on with the response. Returns: the
 * length of these octets; 0: it is none. */
static size_t response_head_len(struct assay_slice text)
{
    static const uint8_t status[] = { 0x0a, 0x01, 0x00, 0xa0 };
    if (text.len < 2 || text.bytes[0] != 0x30) return 0;
    const uint8_t octet = text.bytes[1];
    const size_t at = octet < 0x80 ? 2 : octet == 0x81 ? 3 : octet == 0x82 ? 4 : 0;
    const bool ok = at > 0 && text.len >= at + sizeof status &&
                    assay_bytes_equal(text.bytes + at, status, sizeof status);
    return ok ? at + sizeof status : 0;
}

/* As recognise.c looks for one: readable or not, and of any version. */
static bool begins_list(struct assay_slice text)
{
    struct assay_slice one;
    return assay_x509_list_header(text) == ASSAY_X509_LIST_HEADER ||
           assay_x509_next(&text, &one) == ASSAY_X509_CRL;
}

/* A response that cannot be read ends where a list in it begins: its own length proves nothing. */
static size_t length_before_list(struct assay_slice text, struct assay_slice response)
{
    ASSAY_ASSERT(response.bytes == text.bytes && response.len <= text.len);
    size_t at = 1;
    while (at < response.len && !begins_list(assay_slice_over(text.bytes + at, text.len - at)))
        at += 1;
    return at;
}

enum assay_status assay_manifest_take(struct assay_slice *text, struct assay_recognised *piece,
                                      bool *found)
{
    ASSAY_ASSERT(text != NULL && piece != NULL && found != NULL);
    struct assay_slice rest = *text;
    struct assay_rim_pieces manifest;
    struct assay_ocsp response;
    *found = true;
    if (assay_x509_next_ocsp(&rest, &piece->bytes)) {
        piece->shape = ASSAY_SHAPE_OCSP;
        piece->status = assay_x509_ocsp(piece->bytes.bytes, piece->bytes.len, &response);
        if (piece->status != ASSAY_OK) piece->bytes.len = length_before_list(*text, piece->bytes);
        *text = assay_slice_over(text->bytes + piece->bytes.len, text->len - piece->bytes.len);
        return assay_status_class(piece->status) == ASSAY_CLASS_HOST ? piece->status : ASSAY_OK;
    }
    const size_t head = response_head_len(rest);
    if (head > 0) { /* and is cut: its begin is all that is known of it, anything may follow */
        *piece = (struct assay_recognised){ .shape = ASSAY_SHAPE_OCSP,
                                            .bytes = assay_slice_over(rest.bytes, head),
                                            .status = ASSAY_E_TRUNCATED };
        *text = assay_slice_over(rest.bytes + head, rest.len - head);
        return ASSAY_OK;
    }
    if (assay_rim_looks(rest) && assay_rim_next(&rest, &manifest) == ASSAY_OK) {
        piece->shape = ASSAY_SHAPE_RIM;
        piece->bytes = assay_slice_over(text->bytes, text->len - rest.len);
        *text = rest;
        return ASSAY_OK;
    }
    *found = false;
    return ASSAY_OK;
}
