// Debian's Chromium on a screen: what the suite says in BROWSER and OPTIONS, on the site at SITE.
export default {
  testDir: process.env.SPECS,
  outputDir: process.env.RESULTS,
  reporter: 'list',
  workers: 1,
  timeout: 300_000,
  expect: { timeout: 120_000 },
  use: {
    baseURL: process.env.SITE,
    headless: false,
    screenshot: 'on',
    launchOptions: { executablePath: process.env.BROWSER, args: JSON.parse(process.env.OPTIONS), timeout: 240_000 },
  },
};
