import { readdirSync } from "node:fs";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";
import { compress } from "./tools/compress.js";

// Every script of the folder itself is an entry; what they share lies in folders below.
function scripts() {
  const files = readdirSync(new URL("./src/scripts", import.meta.url));
  return files.filter((file) => file.endsWith(".js")).map((file) => `src/scripts/${file}`);
}

// Every entry is its own file: pages name the ones they need, the server reads their hashed names from the manifest.
export default defineConfig({
  base: "/static/",
  plugins: [tailwindcss(), compress()],
  // The server's pages load from here in development (ASSETS_DEV_MODE): this very address is in their policy.
  server: { host: "localhost", port: 5173, strictPort: true, origin: "http://localhost:5173" },
  build: {
    outDir: "dist",
    assetsDir: "assets",
    // No data: URLs, so that the content security policy can stay at 'self'.
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: false,
    sourcemap: false,
    target: "es2022",
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    rolldownOptions: {
      input: ["src/base.css", ...scripts()],
    },
  },
});
