'use strict';
// Looks at a live page as a person would: waits for words on it, and takes a picture.
//
// usage: ASSAY_WEB_MODULES=... node open_page.js ADDRESS WORDS PICTURE.png     exit status 1: the words did not come

const path = require('path');
const { chromium } = require(path.join(process.env.ASSAY_WEB_MODULES, 'playwright-core'));
const [address, words, picture] = process.argv.slice(2);

(async () => {
    const browser = await chromium.launch({
        executablePath: process.env.ASSAY_CHROMIUM || '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
    try {
        const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
        await page.goto(address);
        await page.getByText(words).first().waitFor({ timeout: 120000 });
        await page.screenshot({ path: picture, fullPage: true });
    } finally {
        await browser.close();
    }
})().catch((error) => {
    console.error(String(error));
    process.exitCode = 1;
});
