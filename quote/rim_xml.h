/*
 * quote/rim_xml.h - reference manifests of NVIDIA from XML to what collateral holds
 * (quote/collateral/rim.h).
 *
 * An interface: implemented by quote/xml/libxml.c, and by quote/xml/rim_xml_none.c in builds
 * without libxml2. It is called where files are read, once for each, and nothing that it says is
 * trusted: signature and certificates are verified over the bytes that it returns.
 */
#ifndef ASSAY_QUOTE_RIM_XML_H
#define ASSAY_QUOTE_RIM_XML_H

#include "base/bytes.h"
#include "base/status.h"

enum {
    ASSAY_RIM_XML_MAX = 131072, /* genuine ones take 26 KB */
    ASSAY_RIM_XML_DEPTH_MAX = 16,
    ASSAY_RIM_XML_ELEMENTS_MAX = 1024, /* genuine ones have 90 */
};

/* Does a text open like such a document? Nothing is parsed. Returns: true if so. */
bool assay_rim_xml_looks(struct assay_slice text);
/*
 * assay_rim_xml_convert - one document with one signature, directly under its root.
 * In:      text, hostile; out[capacity]
 * Out:     out[*len], in the encoding of quote/collateral/rim.h
 * Returns: ASSAY_OK | ASSAY_E_RANGE (longer, deeper, more elements) | ASSAY_E_SYNTAX (no
 *          well-formed XML in UTF-8) | ASSAY_E_INVALID (a document type or an entity; no signature,
 *          several, or one in another place; an attribute of the namespace xml) | ASSAY_E_ENCODING
 *          (base64) | ASSAY_E_FULL (capacity) | ASSAY_E_UNSUPPORTED (built without libxml2, or it
 *          is not installed) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_rim_xml_convert(struct assay_slice text, uint8_t *out,
                                                      size_t capacity, size_t *len);

#endif
