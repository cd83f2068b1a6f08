// Searches a table in the page: every word must be in one of the searched cells. Case and accents are ignored.
// Also copies the text of a page. Without the script the text can be marked and copied by hand.
// Do not use the less-than sign or the ampersand here: XML reads them as markup.
(function () {
  'use strict';
  function fold(text) {
    return text.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase();
  }
  document.querySelectorAll('.search').forEach(function (box) {
    var input = box.querySelector('input');
    var output = box.querySelector('output');
    var places = box.dataset.columns.split(' ').map(Number);
    var rows = Array.from(document.getElementById(box.dataset.rows).tBodies[0].rows);
    var texts = rows.map(function (row) {
      return fold(places.map(function (place) { return row.cells[place].textContent; }).join('\n'));
    });
    input.addEventListener('input', function () {
      var words = fold(input.value).split(/\s+/).filter(Boolean);
      var shown = 0;
      rows.forEach(function (row, index) {
        row.hidden = !words.every(function (word) { return texts[index].includes(word); });
        if (!row.hidden) { shown += 1; }
      });
      output.textContent = words.length === 0 ? '' : output.dataset.found.replace(
        '{shown}', shown.toLocaleString(document.documentElement.lang));
    });
    box.hidden = false;
  });
  document.querySelectorAll('.copy').forEach(function (box) {
    var text = box.querySelector('textarea');
    var button = box.querySelector('button');
    button.addEventListener('click', function () {
      function done() { button.textContent = button.dataset.done; }
      text.select();
      if (navigator.clipboard) {
        navigator.clipboard.writeText(text.value).then(done, function () {
          if (document.execCommand('copy')) { done(); }
        });
      } else if (document.execCommand('copy')) {
        done();
      }
    });
    button.hidden = false;
  });
})();
