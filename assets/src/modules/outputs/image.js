/* A picture that the browser cannot show says so, instead of a broken sign. */
import { element } from "./names.js";

/** Puts words in the place of a picture. */
export function sayNoPicture(image) {
  const name = image.alt;
  image.parentElement.replaceWith(
    element(
      "div",
      "empty",
      element("h3", "", "This picture cannot be shown"),
      element(
        "p",
        "",
        `${name} is not a picture that this browser knows. Download it to look at it.`,
      ),
    ),
  );
}

/** For one that is on the page already: it may have failed before this ran. */
export function watchPicture(image) {
  if (image.complete && image.naturalWidth === 0) sayNoPicture(image);
  else image.addEventListener("error", () => sayNoPicture(image));
}
