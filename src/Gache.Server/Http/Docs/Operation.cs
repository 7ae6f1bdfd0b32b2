using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Docs;

/// <summary>One thing that can be asked over HTTP, as the documents tell it and as tests hold the server to it.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">The path; <c>{key}</c> stands for the whole rest of the target up to <c>?</c>.</param>
/// <param name="Group">Under which heading it stands.</param>
/// <param name="Summary">What it does, in a line.</param>
internal sealed record Operation(string Method, string Path, string Group, string Summary)
{
    /// <summary>More words; empty if the line is enough.</summary>
    public string Words { get; init; } = "";

    /// <summary>What stands in path, query and headers.</summary>
    public IReadOnlyList<Parameter> Parameters { get; init; } = [];

    /// <summary>What the body is; null where there is none.</summary>
    public Content? Body { get; init; }

    /// <summary>The answers that are no problems.</summary>
    public IReadOnlyList<Answer> Answers { get; init; } = [];

    /// <summary>The problems that it may be answered with, beside <see cref="Operations.Everywhere"/>.</summary>
    public IReadOnlyList<Problem> Problems { get; init; } = [];

    /// <summary>What a person types after <c>curl</c>, with the address left out; empty if a program of ours asks this.</summary>
    public string Curl { get; init; } = "";
}

/// <summary>Where a parameter stands.</summary>
internal enum Place
{
    /// <summary>In the path.</summary>
    Path,

    /// <summary>In the query.</summary>
    Query,

    /// <summary>In the head.</summary>
    Header,
}

/// <summary>A parameter.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Place">Where.</param>
/// <param name="Type">The type as JSON Schema names it.</param>
/// <param name="Words">What it means, and what is good.</param>
internal sealed record Parameter(string Name, Place Place, string Type, string Words)
{
    /// <summary>Whether the request makes no sense without it.</summary>
    public bool IsRequired { get; init; }
}

/// <summary>A body.</summary>
/// <param name="Type">Its media type; <c>*/*</c> where it does not matter.</param>
/// <param name="Words">What it is.</param>
/// <param name="Fields">Of JSON: the fields, each a string, integer, number, boolean, object or array.</param>
internal sealed record Content(string Type, string Words, params (string Name, string Type, string Words)[] Fields)
{
    /// <summary>Whether it is an array of such objects.</summary>
    public bool IsArray { get; init; }

    /// <summary>Whether the request makes no sense without it.</summary>
    public bool IsRequired { get; init; } = true;
}

/// <summary>An answer.</summary>
/// <param name="Status">The status.</param>
/// <param name="Words">When.</param>
/// <param name="Body">What it carries, or null.</param>
/// <param name="Headers">Headers that tell something.</param>
internal sealed record Answer(int Status, string Words, Content? Body = null, params (string Name, string Words)[] Headers);
