/*
 * quote/xml/libxml.c - the one adapter of libxml2 (quote/rim_xml.h): parses a manifest, makes it
 * and its SignedInfo canonical, and takes out signature and certificates.
 *
 * libxml2 is loaded with the first manifest: it brings four libraries, one of 30 MB, which no other
 * command needs. Parsing expands nothing and opens nothing: no network, no external entity, no
 * document type at all.
 */
#include "quote/rim_xml.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/file/library.h"
#include "quote/collateral/rim.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/xmlversion.h>
#include <stdlib.h>
#include <string.h>

#define XML_FUNCTIONS(ROW)                                                                         \
    ROW(xmlBufferContent)                                                                          \
    ROW(xmlBufferCreate)                                                                           \
    ROW(xmlBufferFree)                                                                             \
    ROW(xmlBufferLength)                                                                           \
    ROW(xmlC14NExecute)                                                                            \
    ROW(xmlCtxtReadMemory)                                                                         \
    ROW(xmlDocGetRootElement)                                                                      \
    ROW(xmlFreeDoc)                                                                                \
    ROW(xmlFreeParserCtxt)                                                                         \
    ROW(xmlNewParserCtxt)                                                                          \
    ROW(xmlOutputBufferClose)                                                                      \
    ROW(xmlOutputBufferCreateBuffer)                                                               \
    ROW(xmlSetStructuredErrorFunc)

#define XML_FIELD(name) __typeof__(name) *name;
struct library {
    XML_FUNCTIONS(XML_FIELD)
};
#undef XML_FIELD

#if LIBXML_VERSION >= 21400
static const char library_file[] = "libxml2.so.16";
#else
static const char library_file[] = "libxml2.so.2";
#endif
static const char dsig_uri[] = "http://www.w3.org/2000/09/xmldsig#";
static const char xml_uri[] = "http://www.w3.org/XML/1998/namespace";

enum {
    NAMESPACES_MAX = 32, /* declared by one element */
    ALL_NAMESPACES_MAX = 128,
    ATTRIBUTES_MAX = 64, /* of one element */
};

/* One conversion: everything in it is freed at its end. */
struct work {
    struct library xml;
    xmlParserCtxtPtr parser;
    xmlDocPtr doc;
    xmlNodePtr signature;
    xmlBufferPtr document, signed_info;
    uint8_t signature_value[ASSAY_P384_SIGNATURE_LEN];
    uint8_t certificates[ASSAY_RIM_CERTIFICATES_MAX][ASSAY_CERT_DER_MAX];
    struct assay_rim_pieces pieces;
};

static bool load_library(struct library *xml)
{
    char fault[ASSAY_FILE_MESSAGE_LEN];
#define XML_ROW(name) { #name, &xml->name },
    const struct assay_library_function functions[] = { XML_FUNCTIONS(XML_ROW) };
#undef XML_ROW
    return assay_library_load(library_file, functions, sizeof functions / sizeof functions[0],
                              fault);
}

/* --- the tree */
static bool is_named(const xmlNode *node, const char *local)
{
    return node->type == XML_ELEMENT_NODE && node->ns != NULL &&
           strcmp((const char *)node->ns->href, dsig_uri) == 0 &&
           strcmp((const char *)node->name, local) == 0;
}

static xmlNodePtr next_of(xmlNodePtr node, const char *local)
{
    while (node != NULL && !is_named(node, local))
        node = node->next;
    return node;
}

/* The one child of that name. Returns: NULL when there is none, or more. */
static xmlNodePtr only_child(xmlNodePtr parent, const char *local)
{
    xmlNode *const child = parent == NULL ? NULL : next_of(parent->children, local);
    return child == NULL || next_of(child->next, local) != NULL ? NULL : child;
}

/* Canonical XML copies attributes of the namespace xml to apexes, in ways that differ by version:
 * genuine manifests have none. */
static bool has_xml_attribute(const xmlNode *node)
{
    for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
        if (a->ns != NULL && strcmp((const char *)a->ns->href, xml_uri) == 0) return true;
    return false;
}

/* Canonical XML compares every namespace in scope at every element. Genuine manifests declare ten.
 * Out: *namespaces grows by those of the element. */
static bool is_bounded(const xmlNode *node, unsigned *namespaces)
{
    unsigned attributes = 0, own = 0;
    for (const xmlNs *ns = node->nsDef; ns != NULL && own <= NAMESPACES_MAX; ns = ns->next)
        own += 1;
    for (const xmlAttr *a = node->properties; a != NULL && attributes <= ATTRIBUTES_MAX;
         a = a->next)
        attributes += 1;
    if (own > NAMESPACES_MAX || attributes > ATTRIBUTES_MAX) return false;
    *namespaces += own;
    return *namespaces <= ALL_NAMESPACES_MAX;
}

/* Counts elements and signatures without recursion; only elements, text and comments may occur. */
static enum assay_status check_tree(const struct work *w, const xmlNode *root)
{
    unsigned elements = 0, signatures = 0, depth = 1, namespaces = 0;
    for (const xmlNode *node = root; node != NULL;) {
        if (node->type != XML_ELEMENT_NODE && node->type != XML_TEXT_NODE &&
            node->type != XML_COMMENT_NODE)
            return ASSAY_E_INVALID;
        elements += node->type == XML_ELEMENT_NODE;
        if (elements > ASSAY_RIM_XML_ELEMENTS_MAX || depth > ASSAY_RIM_XML_DEPTH_MAX)
            return ASSAY_E_RANGE;
        if (node->type == XML_ELEMENT_NODE && !is_bounded(node, &namespaces)) return ASSAY_E_RANGE;
        if (node->type == XML_ELEMENT_NODE && has_xml_attribute(node)) return ASSAY_E_INVALID;
        signatures += is_named(node, "Signature");
        if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
            node = node->children;
            depth += 1;
            continue;
        }
        while (node != root && node->next == NULL) {
            node = node->parent;
            depth -= 1;
        }
        node = node == root ? NULL : node->next;
    }
    ASSAY_ASSERT(depth >= 1);
    return signatures == 1 && w->signature != NULL ? ASSAY_OK : ASSAY_E_INVALID;
}

/* Markup that only a document type or CDATA has: refused before anything is parsed, so that no
 * entity is ever declared. */
static bool has_declaration(struct assay_slice text)
{
    for (size_t i = 0; i + 3 < text.len; i++)
        if (text.bytes[i] == '<' && text.bytes[i + 1] == '!' &&
            (text.bytes[i + 2] != '-' || text.bytes[i + 3] != '-'))
            return true;
    return false;
}

static enum assay_status parse_document(struct work *w, struct assay_slice text)
{
    const int options =
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT;
    if (has_declaration(text)) return ASSAY_E_INVALID;
    w->parser = w->xml.xmlNewParserCtxt();
    if (w->parser == NULL) return ASSAY_E_MEMORY;
    w->doc = w->xml.xmlCtxtReadMemory(w->parser, (const char *)text.bytes, (int)text.len, NULL,
                                      "UTF-8", options);
    if (w->doc == NULL)
        return w->parser->errNo == XML_ERR_NO_MEMORY ? ASSAY_E_MEMORY : ASSAY_E_SYNTAX;
    xmlNode *const root = w->xml.xmlDocGetRootElement(w->doc);
    if (root == NULL) return ASSAY_E_SYNTAX;
    w->signature = only_child(root, "Signature");
    return check_tree(w, root);
}

/* --- canonical bytes */
/* Everything but the signature: what "enveloped-signature" leaves. */
static int is_of_document(void *owner, xmlNodePtr node, xmlNodePtr parent)
{
    const struct work *const w = owner;
    for (const xmlNode *up = parent; up != NULL; up = up->parent)
        if (up == w->signature) return 0;
    return node != w->signature;
}

static int is_of_signed_info(void *owner, xmlNodePtr node, xmlNodePtr parent)
{
    const struct work *const w = owner;
    const xmlNode *const apex = only_child(w->signature, "SignedInfo");
    for (const xmlNode *up = parent; up != NULL; up = up->parent)
        if (up == apex) return 1;
    return node == apex;
}

static enum assay_status make_canonical(struct work *w, xmlC14NIsVisibleCallback is_visible,
                                        xmlBufferPtr *out, struct assay_slice *bytes)
{
    *out = w->xml.xmlBufferCreate();
    if (*out == NULL) return ASSAY_E_MEMORY;
    xmlOutputBufferPtr to = w->xml.xmlOutputBufferCreateBuffer(*out, NULL);
    if (to == NULL) return ASSAY_E_MEMORY;
    const int made = w->xml.xmlC14NExecute(w->doc, is_visible, w, XML_C14N_1_1, NULL, 0, to);
    const int written = w->xml.xmlOutputBufferClose(to);
    if (made < 0 || written < 0) return ASSAY_E_INVALID;
    const int len = w->xml.xmlBufferLength(*out);
    ASSAY_ASSERT(len >= 0);
    *bytes = assay_slice_over(w->xml.xmlBufferContent(*out), (size_t)len);
    return ASSAY_OK;
}

/* --- base64 */
static bool is_space(xmlChar c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The base64 of an element that holds one text. */
static enum assay_status decode_text(const xmlNode *node, uint8_t *out, size_t capacity,
                                     size_t *len)
{
    char digits[2 * ASSAY_CERT_DER_MAX];
    size_t count = 0;
    if (node == NULL || node->children == NULL || node->children->next != NULL ||
        node->children->type != XML_TEXT_NODE)
        return ASSAY_E_INVALID;
    for (const xmlChar *c = node->children->content; *c != '\0'; c++) {
        if (is_space(*c)) continue;
        if (count == sizeof digits) return ASSAY_E_RANGE;
        digits[count++] = (char)*c;
    }
    return assay_base64_decode(ASSAY_BASE64_STANDARD, digits, count, out, capacity, len);
}

static enum assay_status take_signature(struct work *w)
{
    size_t len = 0;
    ASSAY_TRY(decode_text(only_child(w->signature, "SignatureValue"), w->signature_value,
                          sizeof w->signature_value, &len));
    if (len != sizeof w->signature_value) return ASSAY_E_RANGE;
    w->pieces.signature = assay_slice_over(w->signature_value, len);
    return ASSAY_OK;
}

static enum assay_status take_certificates(struct work *w)
{
    xmlNode *const data = only_child(only_child(w->signature, "KeyInfo"), "X509Data");
    if (data == NULL) return ASSAY_E_INVALID;
    xmlNodePtr node = next_of(data->children, "X509Certificate");
    for (; node != NULL; node = next_of(node->next, "X509Certificate")) {
        const size_t at = w->pieces.certificate_count;
        size_t len = 0;
        if (at == ASSAY_RIM_CERTIFICATES_MAX) return ASSAY_E_RANGE;
        ASSAY_TRY(decode_text(node, w->certificates[at], ASSAY_CERT_DER_MAX, &len));
        w->pieces.certificates[at] = assay_slice_over(w->certificates[at], len);
        w->pieces.certificate_count += 1;
    }
    return w->pieces.certificate_count > 0 ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status take_pieces(struct work *w)
{
    struct assay_rim_pieces *const p = &w->pieces;
    if (only_child(w->signature, "SignedInfo") == NULL) return ASSAY_E_INVALID;
    ASSAY_TRY(make_canonical(w, is_of_document, &w->document, &p->document));
    ASSAY_TRY(make_canonical(w, is_of_signed_info, &w->signed_info, &p->signed_info));
    if (p->document.len > ASSAY_RIM_DOCUMENT_MAX || p->signed_info.len > ASSAY_RIM_SIGNED_INFO_MAX)
        return ASSAY_E_RANGE;
    ASSAY_TRY(take_signature(w));
    return take_certificates(w);
}

static void free_work(struct work *w)
{
    if (w->document != NULL) w->xml.xmlBufferFree(w->document);
    if (w->signed_info != NULL) w->xml.xmlBufferFree(w->signed_info);
    if (w->doc != NULL) w->xml.xmlFreeDoc(w->doc);
    if (w->parser != NULL) w->xml.xmlFreeParserCtxt(w->parser);
    free(w);
}

/* Canonical XML reports on standard error unless it is given a function: the status says it. */
#if LIBXML_VERSION >= 21200
static void ignore_error(void *owner, const xmlError *error)
#else
static void ignore_error(void *owner, xmlErrorPtr error)
#endif
{
    (void)owner;
    (void)error;
}

/* --- the interface */
bool assay_rim_xml_looks(struct assay_slice text)
{
    static const char declaration[] = "<?xml", root[] = "<SoftwareIdentity";
    static const char *const starts[] = { declaration, root };
    size_t at = 0;
    while (at < text.len && is_space(text.bytes[at]))
        at += 1;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        const size_t len = strlen(starts[i]);
        if (text.len - at >= len && assay_bytes_equal(text.bytes + at, starts[i], len)) return true;
    }
    return false;
}

enum assay_status assay_rim_xml_convert(struct assay_slice text, uint8_t *out, size_t capacity,
                                        size_t *len)
{
    ASSAY_ASSERT(out != NULL && len != NULL);
    struct assay_slice written;
    if (text.len > ASSAY_RIM_XML_MAX) return ASSAY_E_RANGE;
    struct work *const w = calloc(1, sizeof *w);
    if (w == NULL) return ASSAY_E_MEMORY;
    if (!load_library(&w->xml)) {
        free(w);
        return ASSAY_E_UNSUPPORTED;
    }
    w->xml.xmlSetStructuredErrorFunc(NULL, ignore_error);
    enum assay_status status = parse_document(w, text);
    if (status == ASSAY_OK) status = take_pieces(w);
    if (status == ASSAY_OK) {
        struct assay_writer to = assay_writer_over(out, capacity);
        assay_rim_encode(&w->pieces, &to);
        status = assay_writer_finish(&to, &written);
        if (status == ASSAY_OK) *len = written.len;
    }
    free_work(w);
    return status;
}
