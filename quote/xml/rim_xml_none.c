/*
 * quote/xml/rim_xml_none.c - in builds without libxml2 (ASSAY_WITH_NVIDIA=OFF): manifests that
 * other builds converted can be used, XML cannot.
 */
#include "quote/rim_xml.h"

bool assay_rim_xml_looks(struct assay_slice text)
{
    (void)text;
    return false;
}

enum assay_status assay_rim_xml_convert(struct assay_slice text, uint8_t *out, size_t capacity,
                                        size_t *len)
{
    (void)text;
    (void)out;
    (void)capacity;
    (void)len;
    return ASSAY_E_UNSUPPORTED;
}
