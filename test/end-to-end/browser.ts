import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';
import { until } from './waiting.ts';

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

function chromiumPath(): string {
  const places = process.env.CHROMIUM_PATH ? [process.env.CHROMIUM_PATH] : usualPlaces;
  const found = places.find((path) => existsSync(path));
  if (found) return found;
  throw new Error(
    `There is no Chromium at ${places.join(', ')}. Install it (sudo apt install chromium, ` +
      'brew install --cask google-chrome), or say where it is: CHROMIUM_PATH=…',
  );
}

/** WebGL without a GPU: SwiftShader draws. A sandbox is not to be had where tests run as root. */
const flags = ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

/** More than any page of text and buttons has; pictures have thousands. */
const coloursOfAScene = 400;

/** Opens an address in a headless Chromium of its own. */
export async function openPage(url: string) {
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: flags });
  const page = await browser.newPage({ viewport: { width: 640, height: 480 } });
  const eye = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(url);
  return {
    errors: () => errors,
    /** Waits until what is to be seen is a picture. */
    untilColourful: () =>
      until(async () => (await countColours(eye, await page.screenshot())) > coloursOfAScene),
    close: () => browser.close(),
  };
}

/** Colours that a person would tell apart, of 32 768: counted in a browser, which reads PNG. */
async function countColours(page: Page, png: Buffer): Promise<number> {
  const source = `data:image/png;base64,${png.toString('base64')}`;
  return page.evaluate(`(${countInPage})(${JSON.stringify(source)})`);
}

/** As text: it is the browser's code, where there is a document. */
const countInPage = `async (source) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const colours = new Set();
  for (let at = 0; at < data.length; at += 4) {
    colours.add(((data[at] >> 3) << 10) | ((data[at + 1] >> 3) << 5) | (data[at + 2] >> 3));
  }
  return colours.size;
}`;
