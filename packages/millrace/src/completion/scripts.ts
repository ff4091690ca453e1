// Bash cuts words at `:` and `=`, so the line is taken apart anew, and candidates lose what stands before the last cut.
const bash = `_millrace() {
  local IFS=$' \\t' line="\${COMP_LINE:0:COMP_POINT}" words
  read -r -a words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  IFS=$'\\n'
  COMPREPLY=($(millrace __complete -- "\${words[@]:1}" 2>/dev/null))
  local last="\${words[\${#words[@]}-1]}"
  local cut="\${last%"\${last##*[:=]}"}"
  COMPREPLY=("\${COMPREPLY[@]#"$cut"}")
}
complete -o default -F _millrace millrace
`

const zsh = `#compdef millrace
_millrace() {
  local -a candidates
  candidates=("\${(@f)$(millrace __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=(\${candidates:#})
  if (( \${#candidates} )); then compadd -a candidates; else _files; fi
}
compdef _millrace millrace
`

const fish = `function __millrace_complete
  set -l words (commandline -opc) (commandline -ct)
  millrace __complete -- $words[2..-1] 2>/dev/null
end
complete -c millrace -f -a '(__millrace_complete)'
complete -c millrace -n '__fish_seen_subcommand_from log' -F
complete -c millrace -n '__fish_seen_subcommand_from start' -l config -r -F
complete -c millrace -n '__fish_seen_subcommand_from start' -l data -r -F
`

/** What to source in each shell. All of them only ask \`millrace __complete\`. */
export const completionScripts: Readonly<Record<string, string>> = { bash, zsh, fish }
